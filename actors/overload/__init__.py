"""What keeps an overloaded actor useful: queues that shed in time, limits, budgets, breakers, cheaper strategies."""
