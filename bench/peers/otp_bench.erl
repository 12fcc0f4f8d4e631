%% Messages, starts, memory and recovery of stock gen_server and supervisor; prints name=value, in nanoseconds or bytes.
%% A storm is children of one supervisor that all crash before the first is replaced.
-module(otp_bench).
-export([main/1, start_link/1, init/1, handle_call/3, handle_cast/2]).

start_link(Name) -> gen_server:start_link({local, Name}, ?MODULE, 0, []).

init({children, Flags, Specs}) -> {ok, {Flags, Specs}};
init(Count) -> {ok, Count}.

handle_call(total, _From, Count) -> {reply, Count, Count};
handle_call(Question, _From, Count) -> {reply, Question, Count}.

handle_cast(crash, _Count) -> exit(boom);
handle_cast(_Tally, Count) -> {noreply, Count + 1}.

main(Arguments) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    [Asks, Tells, Spawns, Crashes, Storm] = [list_to_integer(A) || A <- Arguments],
    {ok, Server} = gen_server:start_link(?MODULE, 0, []),
    print("ask", clock(fun() -> repeat(Asks, fun() -> hi = gen_server:call(Server, hi) end) end) / Asks),
    print("tell", clock(fun() ->
        repeat(Tells, fun() -> gen_server:cast(Server, tally) end),
        Tells = gen_server:call(Server, total, infinity)
    end) / Tells),
    spawns(Spawns),
    crashes(Crashes),
    storm(Storm),
    halt(0).

spawns(Count) ->
    Self = self(),
    Before = erlang:memory(processes),
    Taken = clock(fun() -> Self ! [element(2, gen_server:start(?MODULE, 0, [])) || _ <- lists:seq(1, Count)] end),
    Servers = receive Pids -> Pids end,
    After = erlang:memory(processes),
    [exit(Pid, kill) || Pid <- Servers],
    print("spawn", Taken / Count),
    print("bytes", (After - Before) / Count).

crashes(Count) ->
    Supervisor = supervise([worker]),
    Taken = lists:sort([crash_once(worker) || _ <- lists:seq(1, Count)]),
    print("crash p50", lists:nth(max(1, Count div 2), Taken)),
    print("crash p99", lists:nth(ceil(Count * 0.99), Taken)),
    dismiss(Supervisor).

crash_once(Name) ->
    Old = whereis(Name),
    clock(fun() ->
        gen_server:cast(Old, crash),
        replaced(Name, Old),
        hi = gen_server:call(Name, hi)
    end).

storm(Count) ->
    Names = [list_to_atom("k" ++ integer_to_list(N)) || N <- lists:seq(1, Count)],
    Supervisor = supervise(Names),
    Olds = [{Name, whereis(Name)} || Name <- Names],
    Taken = clock(fun() ->
        [gen_server:cast(Pid, crash) || {_, Pid} <- Olds],
        [begin replaced(Name, Pid), hi = gen_server:call(Name, hi, infinity) end || {Name, Pid} <- Olds]
    end),
    print("storm", Taken / Count),
    unlink(Supervisor),
    exit(Supervisor, kill).

supervise(Names) ->
    Flags = #{strategy => one_for_one, intensity => 1000000, period => 1},
    Specs = [#{id => Name, start => {?MODULE, start_link, [Name]}} || Name <- Names],
    {ok, Supervisor} = supervisor:start_link(?MODULE, {children, Flags, Specs}),
    Supervisor.

dismiss(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, _} -> ok end.

replaced(Name, Old) ->
    case whereis(Name) of
        Pid when Pid =:= Old; Pid =:= undefined -> erlang:yield(), replaced(Name, Old);
        _ -> ok
    end.

clock(Work) ->
    Began = erlang:monotonic_time(nanosecond),
    Work(),
    erlang:monotonic_time(nanosecond) - Began.

repeat(0, _) -> ok;
repeat(Count, Work) -> Work(), repeat(Count - 1, Work).

print(Name, Value) -> io:format("~s=~w~n", [Name, Value]).
