"""One module, one question.

The first line of a module's docstring is the question it answers.  A module offers::

    GROUP = "messages"                        # or "recovery", "apoptosis", "overload", "tissue", "places"
    async def run(ctx: Context) -> None       # one repeat: does the work, checks the result, reports figures

and may set ``MAX_REPEAT`` where one repeat is long or memory-hungry enough to say it all.  What its figures have to be
it states in its docstring and by ``ctx.target``.
"""
