//! What the tests of a real Swarm stand on: its engines, images of a service and of what ships, a checkout, and the
//! report that one container gives.

use swath_test::{Finished, Python, Scale, base_image, image_python, scale, skip};

use crate::engines::Swarm;
use crate::pods::write_checkout;
use crate::sandbox::Sandbox;
use crate::swarm::{Images, SwarmStore, report_of_one_container, table};

/// A Swarm whose engines have the images, and a sandbox with the checkout. They go with it.
pub(crate) struct Stage {
    pub(crate) python: &'static Python,
    pub(crate) images: Images,
    pub(crate) swarm: Swarm,
    pub(crate) sandbox: Sandbox,
    /// The table of the same requests, asked of one container.
    one: String,
}

impl Stage {
    /// One engine; none, and a named skip, at sample scale and where it cannot be had.
    pub(crate) fn of_one_engine(test: &str) -> Option<Stage> {
        Self::of(test, Swarm::start_one)
    }

    /// Two engines, and an object store that both reach; none, and a named skip, as above.
    pub(crate) fn of_two_engines(test: &str) -> Option<(Stage, SwarmStore)> {
        let stage = Self::of(test, Swarm::start)?;
        stage.swarm.load(&stage.images.ship);
        let store = SwarmStore::start(test, &stage.swarm, stage.python)?;
        store.tell(&stage.swarm, &stage.sandbox);
        Some((stage, store))
    }

    fn of(test: &str, start: fn(&str) -> Option<Swarm>) -> Option<Stage> {
        if scale() == Scale::Sample {
            skip(
                test,
                "engines of its own and minutes: `cargo xtask prove fleets`",
            );
            return None;
        }
        let Some(python) = image_python() else {
            skip(test, "no CPython that an image can be made of");
            return None;
        };
        let base = base_image(python, test)?;
        let swarm = start(test)?;
        let images = Images::build(&base);
        swarm.load(&images.service);
        let sandbox = Sandbox::new();
        write_checkout(&sandbox);
        let one = report_of_one_container(&sandbox, python, &images);
        Some(Stage {
            python,
            images,
            swarm,
            sandbox,
            one,
        })
    }

    /// Fails unless a run ended well with the table that one container gives.
    pub(crate) fn assert_as_one_container(&self, done: &Finished, what: &str) {
        let said = format!("{what}: {}{}", done.stdout, done.stderr);
        assert_eq!(done.code, 0, "{said}");
        assert_eq!(table(done), self.one, "{said}");
    }
}
