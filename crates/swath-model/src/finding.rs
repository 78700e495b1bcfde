//! What there is to know about a run before its number is trusted.
//!
//! A finding is a fact with its data. Its words are written here once; the terminal, the HTML
//! report, `--json`, the data file and the reports made from it later show the same.

mod containers;
mod data;
mod fleet;
mod plugins;
mod processes;
mod services;
mod settings;
mod swarm;

use std::time::Duration;

use crate::{AgentState, Gap, Message, NoRoom, NotMeasured, NotMeasuredReason, Orchestrator};

pub use swarm::ServiceLeft;

/// How many of a kind are named before the rest is counted.
const NAMED: usize = 5;

/// Why the data of an earlier run is still in the folder of that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftoverCause {
    /// It was killed.
    Killed,
    /// It could not save its data.
    NotSaved {
        /// Why.
        error: String,
    },
    /// It ended before an engine handed over what containers had recorded.
    NotGathered,
}

/// Why nothing of a run counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NothingMeasured {
    /// What the run's processes recorded could not be read.
    Unreadable,
    /// No Python was seen under the command.
    NoPython,
    /// Pythons were seen, and none carried the agent.
    NoAgent {
        /// How many.
        seen: usize,
    },
    /// A declared service ran nothing that counts.
    Service {
        /// Its name.
        service: String,
    },
    /// The agent worked, and every file that ran is outside what is measured.
    OutOfScope {
        /// How many processes carried the agent.
        processes: usize,
    },
}

/// A process, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessName {
    /// Its process id, as it saw itself.
    pub pid: u32,
    /// Its command line, secrets masked.
    pub command: Vec<String>,
}

/// What the first process of a container or service is, if that explains why it ignored a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstProcess {
    /// A shell, which passes no signals on.
    Shell,
    /// A Python that is the first process of a container and handles no signal.
    BarePython,
    /// Anything else.
    Other,
}

/// Something that a reader of the number should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Pythons were seen that were not measured, all for one reason.
    NotMeasured {
        /// Why.
        reason: NotMeasuredReason,
        /// Which.
        processes: Vec<NotMeasured>,
    },
    /// A process carried the agent, which could not measure all of it.
    AgentFailed {
        /// Which.
        process: ProcessName,
        /// Why.
        state: AgentState,
        /// What the agent says beyond that.
        detail: Option<String>,
    },
    /// There was no room for some records of a process.
    NoRoom {
        /// Which.
        process: ProcessName,
        /// How many records.
        records: u64,
        /// What kept them out.
        why: NoRoom,
    },
    /// A hit store is damaged, or none.
    HitStoreUnreadable {
        /// What is wrong with it, and where it is.
        error: String,
    },
    /// Processes whose lines count still run.
    StillRunning {
        /// Which.
        processes: Vec<ProcessName>,
    },
    /// No service was found, so the tests' own lines count.
    NoService,
    /// Lines of the project were run by test processes only, and are left out.
    TestsLeftOut {
        /// The files.
        files: Vec<String>,
        /// The process that ran most of them.
        process: ProcessName,
    },
    /// A declared service ran no measured Python.
    ServiceNotMeasured {
        /// Its name.
        service: String,
    },
    /// A service ended while the tests were running.
    ServiceEnded {
        /// Its name.
        service: String,
        /// How, in words.
        how: String,
        /// The last lines that it wrote.
        last_output: Vec<String>,
        /// Its log.
        log: Option<String>,
    },
    /// A service did not end at its signal and was killed.
    SignalSwallowed {
        /// Its name.
        service: String,
        /// The signal's name.
        signal: String,
        /// How long it was given.
        waited: Duration,
        /// The process that still ran, for people.
        command: String,
        /// What kind of process that is.
        first: FirstProcess,
    },
    /// A service's first process ended at the signal, and processes that it left had to be killed.
    LeftProcesses {
        /// The service.
        service: String,
        /// How many.
        processes: usize,
        /// How long they were given.
        waited: Duration,
        /// One of them, for people.
        command: String,
    },
    /// A service put itself into the background.
    WentToBackground {
        /// The service.
        service: String,
    },
    /// Whose socket answered the readiness check could not be seen.
    ReadinessUnchecked {
        /// The service.
        service: String,
        /// Why not.
        why: String,
    },
    /// The processes of this host could not be seen.
    ProcessesUnseen {
        /// Why not.
        why: String,
    },
    /// The system refused something that a run can do without.
    SystemRefused {
        /// What was asked.
        what: String,
        /// What the system said.
        error: String,
        /// What that means for the run.
        consequence: String,
    },
    /// A file here is not the one that was measured.
    SourceChanged {
        /// Its name.
        file: String,
        /// Short hashes of what ran.
        measured: Vec<String>,
        /// The short hash of what is here.
        here: String,
        /// How many of its lines ran.
        lines: usize,
    },
    /// Sources of which Python runs machine code, which nothing can be measured of.
    ModulesCompiled {
        /// Their names in the report.
        sources: Vec<String>,
        /// The extension module that is run for the first of them.
        compiled: String,
    },
    /// Measured files have no source here.
    PathsUnmapped {
        /// Their paths where they ran.
        paths: Vec<String>,
    },
    /// Measured files lie outside the project, and the data does not say which content ran.
    SourceUnproved {
        /// Their paths.
        paths: Vec<String>,
    },
    /// A measured path can be several files here, and nothing decides.
    PathAmbiguous {
        /// The path where it ran.
        path: String,
        /// Where that was: a container or service.
        place: String,
        /// The files that it can be.
        candidates: Vec<String>,
    },
    /// A file could not be analyzed.
    NotAnalyzed {
        /// coverage.py's slug for it.
        slug: &'static str,
        /// coverage.py's words.
        text: String,
    },
    /// An interpreter has code where the analysis sees no statement.
    AnalysisDiffers {
        /// The interpreter's version.
        python: String,
        /// The file.
        file: String,
        /// The lines.
        lines: Vec<u32>,
    },
    /// `include` and `omit` leave no file.
    NothingToReport,
    /// Another program wrote the data file during the run.
    DataFileWritten {
        /// It.
        wanted: String,
        /// Where the data is instead.
        written: String,
    },
    /// The data holds what swath did not record.
    ForeignData {
        /// How many data files it came from.
        files: usize,
        /// How many lines only they hold.
        lines: u64,
    },
    /// `source` names a package that no process imported.
    ModuleNotImported {
        /// The name.
        package: String,
        /// A folder or package here with a similar name.
        nearest: Option<String>,
    },
    /// Modules here were never imported and do not count, as `source` is not set.
    SourceNotSet {
        /// How many.
        modules: usize,
        /// One of them.
        example: String,
        /// What `source` should name.
        source: String,
    },
    /// Test files count at 0 %, because `source` holds them.
    TestsInSource {
        /// How many.
        files: usize,
        /// One of them.
        first: String,
        /// What to omit.
        pattern: String,
    },
    /// Something is odd about a settings file, in coverage.py's words.
    Configuration {
        /// The words.
        text: String,
    },
    /// Both files of swath's own settings are there, and one is not used.
    SettingsUnused {
        /// The file that is used.
        used: String,
        /// The one that is not.
        unused: String,
    },
    /// `include` has no effect, as `source` says what is measured.
    IncludeIgnored,
    /// The command line leaves plugins out that the settings name.
    PluginsWithoutEffect {
        /// Their names.
        plugins: Vec<String>,
    },
    /// Plugins that the settings name could not be loaded: what they make of settings and gates is not in force.
    PluginsNotLoaded {
        /// Their names.
        plugins: Vec<String>,
        /// Why not.
        reason: String,
    },
    /// A plugin measures files that are not Python, which swath does not record.
    PluginFilesNotMeasured {
        /// The plugin.
        plugin: String,
    },
    /// Files that a plugin measured cannot be reported.
    PluginFilesLeftOut {
        /// Their names.
        files: Vec<String>,
        /// Why the first cannot.
        reason: String,
    },
    /// A plugin names contexts while the program runs, which has no effect.
    PluginContexts {
        /// The plugin.
        plugin: String,
    },
    /// Nobody knows which Python recorded files that count otherwise on another.
    PythonAssumed {
        /// The version that is assumed.
        python: String,
        /// Why, in words.
        grounds: String,
        /// The first of them.
        file: String,
    },
    /// `dynamic_context` has no effect.
    DynamicContextWithoutEffect {
        /// Its value.
        value: String,
    },
    /// A setting of a place cannot hold there; the rest does.
    PlaceSetting {
        /// The container, service or user.
        place: String,
        /// Its settings file.
        rcfile: String,
        /// What is wrong.
        problem: String,
    },
    /// The configuration files of places have rules for a report that are not followed.
    ReportSettingsDiffer {
        /// The files, each with its place.
        files: Vec<String>,
        /// The file of this folder that is followed instead, if there is one.
        followed: Option<String>,
    },
    /// The engine took a request and did not answer it in time.
    EngineSilent {
        /// Where the engine is.
        endpoint: String,
        /// What it was asked.
        request: String,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// An image that was made of a container keeps names of what the container was given.
    TraceInImage {
        /// The image.
        image: String,
    },
    /// coverage.py is started in the services as well.
    CoveragePyToo {
        /// The variable that starts it.
        variable: String,
    },
    /// A run of this checkout was killed before it saved its data.
    LeftoverRun {
        /// How many hit stores it left.
        hit_stores: usize,
        /// How long ago, in words.
        age: String,
        /// The command that adds them to the data file.
        rescue: String,
        /// Why they were left.
        cause: LeftoverCause,
        /// Where its services shipped to, if any did.
        shipped_to: Option<String>,
    },
    /// A container was started that had been created before the run.
    ContainerNotInjected {
        /// Its name.
        container: String,
    },
    /// The tests made or changed a service of a Swarm whose tasks do not carry the agent.
    ServiceNotInjected {
        /// Its name.
        service: String,
        /// Why.
        left: ServiceLeft,
    },
    /// Containers of this folder's project were started before the run.
    ContainersRanBefore {
        /// Their names.
        containers: Vec<String>,
    },
    /// A container was given the agent, and nothing reported from it.
    ContainerSilent {
        /// Its name.
        container: String,
        /// What its processes show, if anything.
        evidence: Option<String>,
        /// Why, if that is known.
        reason: Option<NotMeasuredReason>,
    },
    /// A container has the engine's socket.
    EngineSocket {
        /// Its name or image.
        container: String,
    },
    /// A command named an engine of its own.
    EngineBypassed {
        /// The command.
        command: String,
    },
    /// An image is made for another kind of machine.
    ContainerPlatform {
        /// The image.
        image: String,
        /// Its platform.
        platform: String,
    },
    /// The engine could not be used.
    EngineUnusable {
        /// Why.
        what: String,
    },
    /// Something about containers failed.
    ContainersNotMeasured {
        /// What, and why.
        what: String,
    },
    /// What a container recorded could not be gathered.
    ContainerNotGathered {
        /// Its name.
        container: String,
        /// Why.
        problem: String,
    },
    /// A container ran out of memory.
    ContainerOutOfMemory {
        /// Its name.
        container: String,
        /// Its service.
        service: String,
        /// What runs it.
        orchestrator: Orchestrator,
    },
    /// A container ignored its signal and was killed.
    ContainerSignalSwallowed {
        /// Its name.
        container: String,
        /// Its service.
        service: String,
        /// The signal's name.
        signal: String,
        /// Its first process.
        command: String,
        /// What kind of process that is.
        first: FirstProcess,
        /// What runs it.
        orchestrator: Orchestrator,
    },
    /// Fewer instances of a service announced themselves than there should be.
    InstancesMissing {
        /// What runs them.
        orchestrator: Orchestrator,
        /// The service.
        service: String,
        /// How many did.
        seen: usize,
        /// How many there should be at least.
        expected: usize,
    },
    /// Nothing was heard of pods for too long, and they said no goodbye.
    PodsLost {
        /// What runs them.
        orchestrator: Orchestrator,
        /// Their names.
        pods: Vec<String>,
        /// For how long nothing was heard of the first.
        silent: Duration,
    },
    /// Processes of pods still ran when their shipping ended.
    PodsCutShort {
        /// What runs them.
        orchestrator: Orchestrator,
        /// The pods' names.
        pods: Vec<String>,
        /// How many processes.
        processes: usize,
    },
    /// A pod that an object store names is not described there.
    PodUnknown {
        /// Its namespace and uid.
        pod: String,
        /// What is wrong.
        problem: String,
    },
    /// An object store has more of a run than is taken.
    FleetCut,
    /// What the services of a fleet recorded is still in its object store.
    FleetNotGathered {
        /// The run's address.
        run: String,
        /// Why it could not be fetched.
        what: String,
    },
    /// Pods ran, and the object store has nothing of them.
    PodsSilent {
        /// What runs them.
        orchestrator: Orchestrator,
        /// Their names, with what their engine says is wrong with them.
        pods: Vec<String>,
    },
    /// The pods of a cluster, or the tasks of a stack, were not seen all the time.
    PodsNotWatched {
        /// What runs them.
        orchestrator: Orchestrator,
        /// Why.
        what: String,
    },
    /// Sources that only a container holds were fetched from it.
    SourceFetched {
        /// How many.
        files: usize,
        /// The path of one there.
        there: String,
        /// Where it is now.
        here: String,
    },
}

impl Finding {
    /// What people are told.
    pub fn message(&self) -> Message {
        processes::message(self)
            .or_else(|| services::message(self))
            .or_else(|| containers::message(self))
            .or_else(|| fleet::message(self))
            .or_else(|| swarm::message(self))
            .or_else(|| data::message(self))
            .or_else(|| settings::message(self))
            .or_else(|| plugins::message(self))
            .unwrap_or_else(|| {
                Message::warning("unknown-finding", "swath has no words for a finding")
            })
    }

    /// What is missing from the number for this reason; nothing where the number is whole all the
    /// same.
    pub fn gap(&self) -> Option<Gap> {
        processes::gap(self)
            .or_else(|| containers::gap(self))
            .or_else(|| fleet::gap(self))
            .or_else(|| swarm::gap(self))
            .or_else(|| data::gap(self))
            .or_else(|| settings::gap(self))
            .or_else(|| plugins::gap(self))
    }
}
