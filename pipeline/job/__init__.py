"""The preprocessing run: a raw corpus in, shards and a manifest out.

    run         preprocess(request): the whole run, from the request to the manifest
    plan        the corpus is listed, every utterance gets its split, the list is cut into tasks
    outside     which recordings a listing names outside the corpus' folder
    forecast    what a plan will take: space, time, and a manifest that can be read back
    versions    the packages and sources that a shard's bytes depend on
    folder      the output folder: where things lie, and which manifest owns it
    places      where a run reads and writes, and whether it can
    changes     what a run would make, replace and remove there; refused before anything is touched
    resources   how many workers fit into this machine
    retry       run_tasks: every task to completion, without the utterances that crash it;
                finish_task: what a worker does, which is `task` unless the shard is there already
    workers     worker processes on this machine; cluster: the same tasks on Dask or Ray
    records     what a finished task leaves behind, and what all of them add up to
    task        in a worker: the utterances of one shard, from raw files to the finished file
    watchdog    in a worker: which utterance it is at, and for how long
    progress    what a run says while it works: progress line, run.jsonl, seconds by stage

The command line enters through `run`, `plan.Part` and `resources`; only `task` loads the stages.
"""
