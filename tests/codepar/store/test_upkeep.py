"""What the sweep and the metrics ask."""

from codepar.jobs import JobKind, JobState


def _ids(refs):
    return [ref.id for ref in refs]


def test_a_job_that_was_never_sent_is_found_until_it_is(store, clock):
    job_id = store.create_job(JobKind.EXECUTION, {}).job.id
    assert store.unsent(60) == []
    clock.age(job_id, "created_at", 61)
    assert _ids(store.unsent(60)) == [job_id]
    store.mark_sent(job_id)
    assert store.unsent(60) == []


def test_a_job_that_waits_long_is_found(store, clock):
    job_id = store.create_job(JobKind.EXECUTION, {}).job.id
    store.mark_sent(job_id)
    assert store.waiting(10) == []
    clock.age(job_id, "sent_at", 11)
    assert _ids(store.waiting(10)) == [job_id]
    store.take_lease(job_id, "one")
    assert store.waiting(10) == []


def test_a_silent_job_is_found_once_each_silence(store, clock):
    job_id = store.create_job(JobKind.EXECUTION, {}).job.id
    store.take_lease(job_id, "one")
    assert store.stale(10) == []
    clock.age(job_id, "heartbeat_at", 11)
    assert _ids(store.stale(10)) == [job_id]
    store.mark_sent(job_id)
    assert store.stale(10) == []


def test_old_jobs_go_with_their_keys_and_young_or_unfinished_ones_stay(store, clock):
    old, young, unfinished = (store.create_job(JobKind.EXECUTION, {}, key).job.id for key in ("a", "b", "c"))
    for job_id in (old, young):
        store.finish(store.take_lease(job_id, job_id), JobState.SUCCEEDED, {})
    clock.age(old, "finished_at", 31 * 86400)
    clock.age(unfinished, "created_at", 31 * 86400)
    assert store.purge(30) == 1
    assert {job.id for job in store.list_jobs()} == {young, unfinished}
    assert store.create_job(JobKind.EXECUTION, {}, "a").created


def test_counts_name_every_kind_and_state(store):
    assert {(count.kind, count.state, count.number) for count in store.counts()} == {(k, s, 0) for k in JobKind for s in JobState}
    store.create_job(JobKind.EXECUTION, {})
    store.request_cancel(store.create_job(JobKind.EXECUTION, {}).job.id)
    store.create_job(JobKind.MPI_COMPLETION, {})
    assert {(count.kind, count.state): count.number for count in store.counts() if count.number} == {
        (JobKind.EXECUTION, JobState.QUEUED): 1,
        (JobKind.EXECUTION, JobState.CANCELLED): 1,
        (JobKind.MPI_COMPLETION, JobState.QUEUED): 1,
    }
