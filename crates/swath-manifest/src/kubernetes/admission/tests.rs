use proptest::prelude::*;

use super::*;
use crate::kubernetes::inject;
use crate::kubernetes::tests::property;
use crate::yaml;

fn request() -> KubernetesRequest {
    KubernetesRequest {
        image: Some("registry/swath:1".to_owned()),
        run: Some("r1".to_owned()),
        store: Some("s3://bucket/runs".to_owned()),
        ..KubernetesRequest::default()
    }
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": "web-5d8f9c-",
            "labels": {"app": "web", "pod-template-hash": "5d8f9c"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d8f9c",
                "uid": "1", "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {"containers": [{"name": "web", "image": "shop:1"}]},
    })
}

fn review(pod: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5", "namespace": "shop", "operation": "CREATE", "dryRun": false,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "object": pod, "oldObject": null,
        },
    })
}

fn answered(request: &KubernetesRequest, review: &Value) -> (Value, Admitted) {
    let admission = Admission::new(request.clone()).unwrap();
    let admitted = admission.answer(review.to_string().as_bytes()).unwrap();
    let answer: Value = serde_json::from_str(&admitted.answer).unwrap();
    assert_eq!(answer["apiVersion"], review["apiVersion"]);
    let response = &answer["response"];
    assert_eq!(
        (&response["uid"], &response["allowed"]),
        (&json!("705ab4f5"), &json!(true))
    );
    (response.clone(), admitted)
}

/// The pod that an API server makes of an answer.
fn patched(pod: &Value, response: &Value) -> Value {
    let mut pod = pod.clone();
    if let Some(patch) = response["patch"].as_str() {
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = STANDARD.decode(patch).unwrap();
        let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
        json_patch::patch(&mut pod, &patch).unwrap();
    }
    pod
}

/// The pod that the filter makes of a pod.
fn filtered(pod: &Value, request: &KubernetesRequest) -> Value {
    let text = inject(&pod.to_string(), request).unwrap().text;
    match serde_json::from_str(&text) {
        Ok(unchanged) => unchanged,
        Err(_) => to_json(&yaml::parse(&text).unwrap()[0]),
    }
}

/// The warning in the answer to a review, for a pod that stays as it is.
fn warned(request: &KubernetesRequest, pod: &Value) -> String {
    let (response, _) = answered(request, &review(pod));
    assert!(response.get("patch").is_none(), "{response}");
    let warnings = response["warnings"].as_array();
    warnings.map_or_else(String::new, |texts| texts[0].as_str().unwrap().to_owned())
}

#[test]
fn the_patch_makes_the_pod_that_the_filter_makes() {
    let (response, admitted) = answered(&request(), &review(&pod()));
    let patched = patched(&pod(), &response);
    assert_eq!(patched, filtered(&pod(), &request()));
    assert_eq!(
        admitted.note.unwrap().to_string(),
        "Deployment/web in shop: web"
    );
    assert!(response.get("warnings").is_none());
    // A second time it stays as it is, without a word.
    assert_eq!(warned(&request(), &patched), "");
}

#[test]
fn a_pod_says_for_which_run_it_is() {
    let mut labelled = pod();
    labelled["metadata"]["labels"]["swath.dev/run"] = json!("pr-17");
    let mut without = request();
    without.run = None;
    let run = |request: &KubernetesRequest, pod: &Value| {
        let (response, _) = answered(request, &review(pod));
        let patched = patched(pod, &response);
        let ship = patched["spec"]["initContainers"][1]["command"][5].clone();
        (ship, patched["metadata"]["labels"]["swath.dev/run"].clone())
    };
    let of_label = (json!("s3://bucket/runs/pr-17"), json!("pr-17"));
    assert_eq!(run(&without, &labelled), of_label);
    assert_eq!(run(&request(), &labelled), of_label);
    let of_option = (json!("s3://bucket/runs/r1"), json!("r1"));
    assert_eq!(run(&request(), &pod()), of_option);
    insta::assert_snapshot!(warned(&without, &pod()), @"swath does not measure Deployment/web in shop: it is for no run: name one in its label `swath.dev/run`");
    labelled["metadata"]["labels"]["swath.dev/run"] = json!("../x");
    insta::assert_snapshot!(warned(&request(), &labelled), @"swath does not measure Deployment/web in shop: its label `swath.dev/run` is `../x`, which cannot name a run");
}

#[test]
fn who_creates_a_pod_hears_only_what_nobody_asked_for() {
    let mut of_others = request();
    of_others.measure = vec!["api/*".to_owned()];
    assert_eq!(warned(&of_others, &pod()), "");
    of_others = request();
    of_others.namespace = Some("elsewhere".to_owned());
    assert_eq!(warned(&of_others, &pod()), "");
    let mut mirror = pod();
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "1"});
    assert_eq!(warned(&request(), &mirror), "");
    let mut windows = pod();
    windows["spec"]["os"] = json!({"name": "windows"});
    windows["metadata"]["ownerReferences"][0]["name"] = json!("web\u{1b}[0m\n".repeat(80));
    let said = warned(&request(), &windows);
    assert!(said.len() == LONGEST_WARNING && !said.contains(char::is_control));
    for object in [json!(null), json!("pod"), json!({}), json!([[]])] {
        let said = warned(&request(), &object);
        assert_eq!(
            said,
            "swath does not measure a pod: `object` is not as Kubernetes has it"
        );
    }
}

#[test]
fn a_pod_that_would_fill_the_memory_is_created_unread() {
    let mut large = pod();
    large["spec"]["x"] = json!(vec![0; MOST_MARKS + 1]);
    let said = warned(&request(), &large);
    assert_eq!(
        said,
        "swath does not measure a pod: it holds more than swath reads"
    );
    large["spec"]["x"] = json!("x".repeat(2 << 20));
    assert!(answered(&request(), &review(&large)).0["patch"].is_string());
}

#[test]
fn what_is_no_new_pod_is_admitted_without_a_word() {
    let change = |change: &dyn Fn(&mut Value)| {
        let mut review = review(&pod());
        change(&mut review["request"]);
        let (response, admitted) = answered(&request(), &review);
        assert_eq!(admitted.note, None);
        assert_eq!(response, json!({"uid": "705ab4f5", "allowed": true}));
    };
    change(&|request| request["operation"] = json!("UPDATE"));
    change(&|request| request["subResource"] = json!("ephemeralcontainers"));
    change(&|request| request["kind"]["kind"] = json!("Service"));
    change(&|request| request["kind"]["group"] = json!("example.org"));
    let mut beta = review(&pod());
    beta["apiVersion"] = json!("admission.k8s.io/v1beta1");
    beta["request"]["dryRun"] = json!(true);
    let (response, admitted) = answered(&request(), &beta);
    assert!(response["patch"].is_string() && admitted.dry_run);
}

#[test]
fn what_is_no_review_gets_no_answer() {
    let admission = Admission::new(request()).unwrap();
    let mut other = review(&pod());
    other["apiVersion"] = json!("admission.k8s.io/v2");
    let mut nameless = review(&pod());
    nameless["request"].as_object_mut().unwrap().remove("uid");
    let deep = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
    for body in [
        String::new(),
        "{}".to_owned(),
        deep,
        other.to_string(),
        nameless.to_string(),
        review(&pod()).to_string().trim_end_matches('}').to_owned(),
    ] {
        assert!(admission.answer(body.as_bytes()).is_err(), "{body:.80}");
    }
    assert!(admission.answer(b"\xff\xfe{}").is_err());
    let no_image = KubernetesRequest {
        image: None,
        ..request()
    };
    assert!(Admission::new(no_image).is_err());
    let no_glob = KubernetesRequest {
        measure: vec!["w***".to_owned()],
        ..request()
    };
    assert!(Admission::new(no_glob).is_err());
}

/// A review with something in it exchanged.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        "[\\[\\]{}\",:0]{0,6}".prop_map(String::into_bytes),
        prop_oneof![
            Just("null"),
            Just("[[]]"),
            Just("\"\\ud800\""),
            Just("1e999")
        ]
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let whole = review(&pod()).to_string().into_bytes();
    let places = 0..whole.len();
    (places.clone(), places, piece).prop_map(move |(start, length, piece)| {
        let end = (start + length % 12).min(whole.len());
        [&whole[..start], &piece, &whole[end..]].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_wrong_is_no_review_or_a_pod_that_is_created(review in damaged()) {
        let admission = Admission::new(request()).unwrap();
        let Ok(admitted) = admission.answer(&review) else {
            return Ok(());
        };
        let answer: Value = serde_json::from_str(&admitted.answer).unwrap();
        prop_assert_eq!(&answer["response"]["allowed"], &json!(true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_pod_becomes_what_the_filter_makes_of_it(pod in property::pod()) {
        let (response, _) = answered(&request(), &review(&pod));
        prop_assert_eq!(patched(&pod, &response), filtered(&pod, &request()));
    }
}
