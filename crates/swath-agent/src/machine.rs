//! The machines that there are agents for.

/// The shared object for the machine that swath was built for; empty when there is none.
pub const AGENT: &[u8] = Machine::OWN.agent();

/// The name that this object must have, beside `sitecustomize.py`.
pub const AGENT_FILE_NAME: &str = Machine::OWN.file_name();

/// The object that `LD_PRELOAD` may name, for interpreters that do not run `sitecustomize.py`; empty
/// where [`AGENT`] is.
pub const PRELOAD: &[u8] = Machine::OWN.preload();

/// The name of that object, beside `sitecustomize.py`.
pub const PRELOAD_FILE_NAME: &str = Machine::OWN.preload_file_name();

/// What machine code a Python is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Intel's and AMD's, 64 bits.
    X86_64,
    /// Arm's, 64 bits.
    Aarch64,
}

impl Machine {
    /// Every machine that swath knows.
    pub const ALL: [Machine; 2] = [Machine::X86_64, Machine::Aarch64];

    /// The one that swath itself was built for. On machines that it has no agent for it is any.
    pub const OWN: Machine = if cfg!(target_arch = "aarch64") {
        Machine::Aarch64
    } else {
        Machine::X86_64
    };

    /// Those that this build of swath holds an agent for.
    pub fn with_agent() -> impl Iterator<Item = Machine> {
        let all = Machine::ALL.into_iter();
        all.filter(|machine| !machine.agent().is_empty())
    }

    /// The shared object; empty when the compiler that built swath could not make it.
    pub const fn agent(self) -> &'static [u8] {
        match self {
            Machine::X86_64 => include_bytes!(concat!(env!("OUT_DIR"), "/x86_64/agent.so")),
            Machine::Aarch64 => include_bytes!(concat!(env!("OUT_DIR"), "/aarch64/agent.so")),
        }
    }

    /// The object that is preloaded; empty where the other one is.
    pub const fn preload(self) -> &'static [u8] {
        match self {
            Machine::X86_64 => include_bytes!(concat!(env!("OUT_DIR"), "/x86_64/preload.so")),
            Machine::Aarch64 => include_bytes!(concat!(env!("OUT_DIR"), "/aarch64/preload.so")),
        }
    }

    /// The one that container engines call so.
    pub fn of_architecture(name: &str) -> Option<Machine> {
        let mut all = Machine::ALL.into_iter();
        all.find(|machine| machine.architecture() == name)
    }

    /// What targets of the compiler begin with.
    pub const fn name(self) -> &'static str {
        match self {
            Machine::X86_64 => "x86_64",
            Machine::Aarch64 => "aarch64",
        }
    }

    /// The object's name in the agent's folder; `sitecustomize.py` has the same.
    pub const fn file_name(self) -> &'static str {
        match self {
            Machine::X86_64 => "_swath.x86_64.so",
            Machine::Aarch64 => "_swath.aarch64.so",
        }
    }

    /// The name of the object that is preloaded, in the same folder.
    pub const fn preload_file_name(self) -> &'static str {
        match self {
            Machine::X86_64 => "swath-preload.x86_64.so",
            Machine::Aarch64 => "swath-preload.aarch64.so",
        }
    }

    /// What container engines call it.
    pub const fn architecture(self) -> &'static str {
        match self {
            Machine::X86_64 => "amd64",
            Machine::Aarch64 => "arm64",
        }
    }
}
