//! The messages of manifests, and of what runs in the pods that they describe.

use super::{MessageGroup, entry};

pub(super) const MANIFESTS: MessageGroup = MessageGroup {
    title: "Errors and warnings of `swath kubernetes` and `swath swarm`",
    entries: &[
        entry(
            "bad-container-pattern",
            "`--measure` or `--python-path` holds something that is no pattern of containers or services",
            "write `WORKLOAD/CONTAINER` with `*` for any name: `--measure 'web/*'`; of a stack, the name of a service",
        ),
        entry(
            "bad-run-name",
            "the name of a run is missing or is not a valid label; it is a folder of the store, too",
            "give one with `--run ID`: at most 63 letters, digits, `-`, `_` and `.`",
        ),
        entry(
            "certificate-kept",
            "the files of the webhook's certificate have changed and cannot be used: they hold no certificate, or a key that it was not made for; the certificate before them stays in use",
            "write a certificate and the key that it was made for; the next change is read by itself",
        ),
        entry(
            "configs-not-written",
            "the files that the configs of a stack are made of cannot be written",
            "name a folder that can be made or written to with `--configs FOLDER`",
        ),
        entry(
            "manifest-not-readable",
            "manifests or a stack file cannot be read: they are not there, not YAML, too large or nested too deep; nothing was written",
            "name a file that holds what `kubectl apply -f`, or `docker stack deploy -c`, takes",
        ),
        entry(
            "no-container-matches",
            "a pattern of `--measure` matches no container or service, or there is nothing that runs any; the rest was done",
            "write `WORKLOAD/CONTAINER`, as in `--measure 'web/*'`; what is printed names all workloads",
        ),
        entry(
            "no-swath-image",
            "workloads would get the agent, and no image is named that holds swath",
            "make one with the Containerfile of a release, push it where the cluster pulls from, and name it with `--image`",
        ),
        entry(
            "pod-not-prepared",
            "in a pod, the agent could not be put into the volume: the pod starts without it and is not measured",
            "read what the message says; the image and the swath that wrote the manifest should be of one version",
        ),
        entry(
            "webhook-not-served",
            "the admission webhook cannot serve: its certificate or its key cannot be used, or the address is taken; clusters create pods as they are meanwhile",
            "name files with `--certificate` and `--key` that belong together, and a free address with `--listen`",
        ),
    ],
};
