//! The messages of fleets.

use super::{MessageGroup, entry};

pub(super) const FLEETS: MessageGroup = MessageGroup {
    title: "Errors and warnings of fleets",
    entries: &[
        entry(
            "bad-store-url",
            "what `--to` or `swath gather` names is not the address of a run in an object store, or the environment names no usable endpoint for it",
            "write `s3://BUCKET/PREFIX/RUN` or `file:///FOLDER/RUN`",
        ),
        entry(
            "docker-failed",
            "`docker`, by which swath asks a Swarm for the tasks of a stack, is not there, or failed (exit code 125)",
            "make `docker stack ps STACK` work: the context in force has to be that of a manager of the Swarm",
        ),
        entry(
            "fleet-cut",
            "an object store has more objects of a run than swath takes; what is past the limit is not in the number",
            "give each run a prefix of its own",
        ),
        entry(
            "fleet-empty",
            "an object store holds no pod of the run, and no task (exit code 125)",
            "name the run as `swath ship --to` does; see the log of the container `swath-ship`",
        ),
        entry(
            "fleet-not-gathered",
            "the tests have run, and what the services of a fleet recorded could not be fetched: the object store does not answer, or holds nothing of the run",
            "it is still in the store: fetch it with `swath gather --append`",
        ),
        entry(
            "instances-missing",
            "fewer instances of a service are in the object store than `swath gather --expect` was told; a pod whose shipping container never started is not known there",
            "see which pods did not start it: `kubectl get pods`, and the log of the container `swath-ship`",
        ),
        entry(
            "kubectl-failed",
            "`kubectl`, by which swath asks a cluster for its pods, is not there, or failed (exit code 125)",
            "make `kubectl get pods` work: the configuration of whoever starts swath is used, and the right to list and watch pods is needed",
        ),
        entry(
            "no-pods",
            "no pod of the namespace and selector, or no task of the stack, carries the agent (exit code 125)",
            "rewrite the manifests with `swath kubernetes inject` before they are applied, the stack file with `swath swarm inject` before it is deployed",
        ),
        entry(
            "no-store",
            "the pods of a cluster, or the tasks of a stack, do not say where they ship what they record, or say several runs (exit code 125)",
            "name the run with `--fleet URL`",
        ),
        entry(
            "no-volume",
            "the folder of `swath ship --from` does not exist, or may not be looked into",
            "mount the volume that the services record into, and name it",
        ),
        entry(
            "not-shipped",
            "`swath ship` cannot reach the object store; it goes on trying, and sends everything once the store answers",
            "nothing, while the pods live; what a pod that ends meanwhile has not sent is lost, and `swath gather` says so",
        ),
        entry(
            "pod-unknown",
            "an object store names a pod and does not describe it: its description is missing, damaged or of another version",
            "see who else writes to the run's prefix; run the tests again",
        ),
        entry(
            "pod-unnamed",
            "`swath ship` was not told which pod it sends for",
            "set SWATH_POD, SWATH_POD_UID and SWATH_NAMESPACE, in a pod from the downward API",
        ),
        entry(
            "pods-cut-short",
            "processes of pods or tasks still ran when what ships for them had to end: what they ran after that is missing",
            "raise `--grace` of `swath ship`, or let the shipping container end last (a native sidecar)",
        ),
        entry(
            "pods-not-ready",
            "pods or tasks that carry the agent were not ready in time (exit code 125)",
            "see what keeps them: `kubectl describe pod NAME`, `docker stack ps --no-trunc STACK`; or raise `--ready-timeout`",
        ),
        entry(
            "pods-not-watched",
            "`kubectl`, or `docker`, stopped telling of pods or tasks while the tests ran: those that came and went then may be missing, and nobody knows of them",
            "see why; run the tests again",
        ),
        entry(
            "pods-silent",
            "pods or tasks ran, says their engine, and the object store holds nothing of them",
            "see the log of the container, or the service, `swath-ship`",
        ),
        entry(
            "pods-lost",
            "pods or tasks were not heard of for longer than they let pass, and did not say goodbye: they were killed, their node is gone, or they do not reach the store",
            "see how they ended; run the tests again",
        ),
        entry(
            "store-failed",
            "an object store refused a request, did not answer, or there are no credentials for it",
            "see the answer's code: the right to write, or to list and read, the run's prefix is needed (`docs/guides/fleet-store.md`)",
        ),
        entry(
            "store-variables",
            "the file of `swath ship --variables`, a secret of the Swarm, cannot be read or is not made of lines NAME=VALUE",
            "make the secret of a file with lines such as `AWS_ACCESS_KEY_ID=…`",
        ),
    ],
};
