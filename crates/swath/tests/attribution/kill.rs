//! A worker that is killed in the middle of requests: what ran before stays attributed.

use crate::project::{Sampled, pythons_for};
use crate::shop::{PYTEST, Shop, sample};

#[test]
fn a_worker_that_is_killed_has_lost_nothing() {
    for python in pythons_for("a_worker_that_is_killed_has_lost_nothing", Sampled::Newest) {
        let Some(shop) = Shop::new(python, true, 1) else {
            continue;
        };
        let start = shop.start();
        let many = shop.run(&["--attribution"], &[], &format!("{PYTEST} test_kill.py"));
        let endpoints = shop.project.report(&["--by", "endpoint"]);
        let row = |name: &str| -> Vec<&str> {
            let row = endpoints.lines().find(|row| row.starts_with(name));
            row.unwrap_or_default().split_whitespace().collect()
        };
        // Called, and not answered.
        assert_eq!(row("POST /die")[2..5], ["shop", "–", "1"], "{endpoints}");
        assert_eq!(row("GET /hang")[2..5], ["shop", "–", "1"], "{endpoints}");
        assert_eq!(
            row("GET /prices/")[2..5],
            ["shop", "200", "5"],
            "{endpoints}"
        );
        let all = [
            "before[1]",
            "before[2]",
            "before[4]",
            "die",
            "after[1]",
            "after[5]",
        ];
        let all = all.map(|name| format!("test_kill.py::test_{name}"));
        for test in &all {
            assert!(!many.of(test).is_empty(), "{test} on {}", shop.name());
        }
        let mut chosen = sample(&all, 1);
        chosen.extend((!chosen.contains(&all[3])).then(|| all[3].clone()));
        shop.check(&chosen, &many, &start, |test| format!("{PYTEST} {test}"));
    }
}
