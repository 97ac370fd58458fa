//! `dsgrid replace`: outdated pods of an `OnDelete` set, replaced node by node under gates, without a screen.

mod progress;

use super::args::{AnswerFormat, DryRun, Global, ReplaceArgs};
use super::document;
use super::failure::{Failure, Outcome};
use super::monitor::host;
use super::names::typed_node;
use super::paths::Paths;
use super::print;
use super::settings::Settings;
use super::target::{self, Target};
use super::write::{check_read_only, check_usage, confirm, journal_refusal};
use crate::app::{Begin, Settings as ModelSettings};
use crate::cluster::{Connection, account, mailbox};
use crate::domain::budget::{Eviction, eviction_of_set};
use crate::domain::command::Verb;
use crate::domain::event::Scope;
use crate::domain::gate::{Gate, Stops, gate};
use crate::domain::id::{NodeName, ObjectKind, ObjectRef};
use crate::domain::inquiry::{Answer, Inquiry, Permission};
use crate::domain::ownership::ownership;
use crate::domain::raw::RawObject;
use crate::domain::replace::claim::Claim;
use crate::domain::replace::options::Options;
use crate::domain::replace::plan::{NoPlan, Plan, plan};
use crate::domain::text::Text;
use crate::shell::event_loop::ExitReason;
use crate::shell::executor::ClusterExecutor;
use crate::shell::headless::{End, run_headless};

use self::progress::{Lines, Verdict};

/// Runs the command.
pub(super) async fn run(
    global: &Global,
    settings: &Settings,
    args: &ReplaceArgs,
) -> Result<Outcome, Failure> {
    check_usage(&args.confirm, "replace")?;
    let nodes = args.nodes.iter().map(|node| typed_node(node).map(|NodeName(name)| name));
    let nodes = nodes.collect::<Result<Vec<Text>, String>>().map_err(Failure::Usage)?;
    let target = target::find(global, "replace", &args.daemon_set).await?;
    check_read_only(global, settings, &target.connection, "replace pods")?;
    let read = object(&target).await?;
    let now = target.snapshot.inventory.now();
    let options = options(args, nodes, Claim::read(&read), now)?;
    let plan = plan(&target.snapshot.inventory, target.row, options).map_err(|why| match why {
        NoPlan::Wrong(words) => Failure::Usage(words),
        NoPlan::NotNow(words) => Failure::Unwritten(words),
    })?;
    for warning in &target.snapshot.warnings {
        print::note(&format!("warning: {warning}"));
    }
    let context = target.connection.context.to_string();
    if plan.candidates.is_empty() {
        let left = plan.apart.iter().map(|one| format!("left out: {}: {}", one.node, one.why));
        left.for_each(|line| print::note(&line));
        let but = if plan.apart.is_empty() { "" } else { " but what is left out" };
        print::note(&format!("nothing to replace in {}{but}", plan.daemon_set.key));
        if args.output == AnswerFormat::Json {
            print::json(&document::replace_nothing(&context, &plan, &target.snapshot.warnings, now))?;
        }
        return Ok(Outcome::Done);
    }
    tell(&target, &plan, &read);
    allowed(&target.connection, &plan, &read).await?;
    if args.confirm.dry_run.is_some() {
        if args.confirm.dry_run == Some(DryRun::Server) {
            print::note("dry run: the rights are there, and no budget is in the way for ever");
        }
        print::note("dry run: nothing was changed");
        return Ok(Outcome::Done);
    }
    if !args.confirm.yes {
        confirm(&the_gate(&target, &plan), &plan.daemon_set.key.name, None).await?;
    }
    drive(global, target, args, Begin { plan, read }).await
}

/// The DaemonSet as it is now, whole.
async fn object(target: &Target) -> Result<RawObject, Failure> {
    let meta = &target.snapshot.inventory.row(target.row).expect("it was just found").daemon_set.meta;
    let reference = ObjectRef { kind: ObjectKind::DaemonSet, key: meta.key.clone(), uid: meta.uid.clone() };
    match target.connection.answer(&Inquiry::Object(reference)).await? {
        Answer::Object(Some(object)) => Ok(object),
        _ => Err(Failure::Usage(format!("{} is gone", meta.key))),
    }
}

/// How it is to go: as typed, or as it was begun by whoever left it.
fn options(
    args: &ReplaceArgs,
    nodes: Vec<Text>,
    claim: Option<Claim>,
    now: jiff::Timestamp,
) -> Result<Options, Failure> {
    let Some(claim) = claim else {
        if args.go_on {
            let why = "nothing is kept on this DaemonSet to go on with; say how without --continue";
            return Err(Failure::Usage(why.to_owned()));
        }
        return Ok(args.options(nodes));
    };
    let words = claim.words(now);
    if claim.is_held(now) {
        let may_ask = args.go_on && (args.confirm.yes || print::can_ask());
        if !may_ask {
            return Err(Failure::Unwritten(format!(
                "{words}; nothing was changed. Talk to them; --continue --yes takes over"
            )));
        }
        print::note(&format!("warning: {words}, by its last heartbeat; this takes over"));
    } else {
        print::note(&words);
    }
    if !args.go_on {
        return Ok(args.options(nodes));
    }
    let options = Options { until: args.until.or(claim.options.until), ..claim.options };
    match options.until.filter(|until| *until <= now) {
        Some(until) => Err(Failure::Usage(format!(
            "the time it had was up at {}; give it more with --until",
            until.strftime("%Y-%m-%dT%H:%MZ")
        ))),
        None => Ok(options),
    }
}

fn tell(target: &Target, plan: &Plan, read: &RawObject) {
    let (context, server) = (&target.connection.context, &target.connection.server);
    print::note(&format!("replace pods of {} in {context} ({server})", plan.daemon_set.key));
    for line in plan.lines(target.snapshot.inventory.now()) {
        print::note(&format!("  {line}"));
    }
    if let Some(owner) = ownership(read) {
        print::note(&format!("  warning: {}", owner.warning()));
    }
}

/// Whether the rights are there, and no budget is in the way for ever.
async fn allowed(connection: &Connection, plan: &Plan, read: &RawObject) -> Result<(), Failure> {
    let namespace = plan.daemon_set.key.namespace.clone();
    let right = |verb, group, resource, subresource, namespace: &Text| Permission {
        verb,
        group,
        resource,
        subresource,
        namespace: namespace.clone(),
    };
    let remove = if plan.options.evict {
        right("create", "", "pods", "eviction", &namespace)
    } else {
        right("delete", "", "pods", "", &namespace)
    };
    let neighbours = right("list", "", "pods", "", &Text::default());
    let tells = right("patch", "apps", "daemonsets", "", &namespace);
    let asked = [remove, neighbours, tells];
    let missing = connection.missing_permissions(&asked).await;
    for (permission, reason) in missing {
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        if *permission == asked[0] {
            let what = if plan.options.evict { "evict" } else { "delete" };
            let why = format!("you may not {what} pods in {namespace}{why}");
            journal_refusal(connection, Verb::Replace, &plan.daemon_set, &why).await;
            return Err(Failure::Unwritten(why));
        }
        if *permission == asked[2] {
            print::note(&format!(
                "warning: you may not patch DaemonSets in {namespace}{why}; colleagues will not see this, and \
                 --continue will not know it. The same again: {}",
                plan.command(&connection.context)
            ));
        } else if !plan.options.without_neighbours {
            return Err(Failure::Unwritten(format!(
                "you may not list the pods of nodes{why}, so the other pods of a node cannot be looked after; accept \
                 that with --without-neighbours"
            )));
        }
    }
    if !plan.options.evict {
        return Ok(());
    }
    match connection.answer(&Inquiry::Budgets(namespace)).await {
        Ok(Answer::Budgets(budgets)) => match eviction_of_set(read, &budgets) {
            Eviction::Never(obstacle) => {
                let why = format!("{obstacle}; leave --evict out, or change the budget");
                journal_refusal(connection, Verb::Replace, &plan.daemon_set, &why).await;
                return Err(Failure::Unwritten(why));
            }
            eviction => print::note(&format!("  {eviction}")),
        },
        Ok(_) => {}
        Err(error) => print::note(&format!("  warning: budgets cannot be read: {error}")),
    }
    Ok(())
}

/// How hard it is to confirm.
fn the_gate(target: &Target, plan: &Plan) -> Gate {
    let of = target.snapshot.inventory.pods_of(target.row).filter(|pod| !pod.is_deleting()).count();
    gate(&[Stops { daemon_set: plan.daemon_set.key.clone(), pods: plan.candidates.len(), of }])
}

/// Carries it out by the monitor's own model.
async fn drive(
    global: &Global,
    target: Target,
    args: &ReplaceArgs,
    begin: Begin,
) -> Result<Outcome, Failure> {
    let Target { connection, scope, snapshot, .. } = target;
    let user = global.acts_as(&connection.user);
    let account = account();
    let by = if user.is_empty() {
        account.split('@').next().unwrap_or_default().to_owned()
    } else {
        user.to_owned()
    };
    let mut printer = Lines::new(connection.context.to_string(), begin.plan.clone(), snapshot.warnings);
    let settings = ModelSettings {
        context: connection.context.clone(),
        scope: match &scope {
            Scope::Namespace(namespace) => Some(namespace.clone()),
            Scope::Cluster | Scope::DaemonSet(_) => None,
        },
        user: Text::new(&by),
        host: host(),
        replacement: Some(begin),
        ..ModelSettings::default()
    };
    let (sender, receiver) = mailbox();
    let watches = connection.start_watches(&scope, &sender);
    let executor = ClusterExecutor::new(connection, watches, Paths::journal(), None, sender);
    let end = run_headless(settings, receiver, executor, &mut printer, None).await;
    let verdict = match end.map_err(progress::failure)? {
        End::Finished(verdict) => verdict,
        End::Stopped(ExitReason::Panicked) => {
            return Err(Failure::Broken("a part of dsgrid failed".to_owned()));
        }
        End::Stopped(_) | End::TimedOut => Verdict::Interrupted,
    };
    printer.conclude(args.output == AnswerFormat::Json, verdict)?;
    Ok(match verdict {
        Verdict::Done => Outcome::Done,
        Verdict::Halted => Outcome::Problem,
        Verdict::Interrupted => Outcome::Interrupted,
    })
}
