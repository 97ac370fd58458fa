//! `preview -f`: new and changed DaemonSet manifests.

use std::collections::BTreeSet;
use std::io::Read;

use crate::cli::args::{AnswerFormat, Global};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::print;
use crate::cli::snapshot::Snapshot;
use crate::cluster::manifest::{self, Manifest};
use crate::cluster::{Connection, Environment};
use crate::domain::event::Scope;
use crate::domain::preview::Impact;
use crate::domain::preview::template::{TemplateEdit, template_impact};
use crate::domain::selector::Selector;
use crate::domain::text::Text;

/// Runs the command.
pub(super) async fn run(global: &Global, output: AnswerFormat, files: &[String]) -> Result<Outcome, Failure> {
    let daemon_sets = global.selector.as_deref().map(Selector::parse).transpose();
    let daemon_sets = daemon_sets.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();
    let mut manifests = Vec::new();
    for file in files {
        let (name, text) = read(file)?;
        let read = manifest::read(&name, &text).map_err(|error| Failure::Usage(error.to_string()))?;
        manifests.extend(read);
    }

    let connection = Connection::open(&global.connect_options(), &Environment::read()).await?;
    settle(&mut manifests, global.namespace.as_deref(), &connection.namespace).map_err(Failure::Usage)?;
    manifests.retain(|manifest| daemon_sets.matches(&manifest.daemon_set.meta.labels));
    let namespaces: BTreeSet<&Text> =
        manifests.iter().map(|manifest| &manifest.daemon_set.meta.key.namespace).collect();
    let scope = match namespaces.first() {
        Some(namespace) if namespaces.len() == 1 => Scope::Namespace((*namespace).clone()),
        _ => Scope::Cluster,
    };
    let (snapshot, _) = super::look(&connection, global, &scope).await?;
    let mut impacts = Vec::new();
    for manifest in &manifests {
        impacts.extend(preview(&connection, &snapshot, manifest).await?);
    }
    super::show(&connection, output, &snapshot, impacts)
}

/// The name and the text of a file; `-` is standard input.
fn read(file: &str) -> Result<(String, String), Failure> {
    let (name, text) = if file == "-" {
        let mut text = Vec::new();
        ("standard input", std::io::stdin().lock().read_to_end(&mut text).map(|_| text))
    } else {
        (file, std::fs::read(file))
    };
    let wrong = |why: String| Failure::Usage(format!("cannot read {name}: {why}"));
    let text = text.map_err(|error| wrong(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
    Ok((name.to_owned(), text))
}

/// Gives every manifest its namespace, and refuses two of one name.
fn settle(manifests: &mut [Manifest], asked: Option<&str>, usual: &Text) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for manifest in manifests {
        let key = &mut manifest.daemon_set.meta.key;
        if key.namespace.is_empty() {
            key.namespace = usual.clone();
        } else if let Some(asked) = asked.filter(|asked| key.namespace != **asked) {
            let (place, namespace) = (&manifest.place, &key.namespace);
            return Err(format!("{place}: it is in the namespace {namespace}, but -n says {asked}"));
        }
        if !seen.insert(key.clone()) {
            return Err(format!("{}: {key} is there twice", manifest.place));
        }
    }
    Ok(())
}

/// What one manifest does.
async fn preview(
    connection: &Connection,
    snapshot: &Snapshot,
    manifest: &Manifest,
) -> Result<Vec<Impact>, Failure> {
    let inventory = &snapshot.inventory;
    let after = &manifest.daemon_set;
    let key = &after.meta.key;
    let live = inventory.rows().map(|(_, row)| row).find(|row| row.daemon_set.meta.key == *key);
    let Some(live) = live else {
        print::note(&format!("{key} is new"));
        let edit = TemplateEdit { after, live: None, changed: true, revision: None };
        return Ok(template_impact(inventory, &edit));
    };
    let uid = &live.daemon_set.meta.uid;
    let object = connection.daemon_set_json(key).await?;
    let revisions = connection.revisions_json(key, &live.daemon_set.selector.to_string()).await;
    let revisions = revisions.unwrap_or_else(|error| {
        print::note(&format!("warning: that pods of an older revision may stay is not known: {error}"));
        Vec::new()
    });
    let update = manifest.against(&object, &revisions).map_err(|error| Failure::Usage(error.to_string()))?;
    let edit =
        TemplateEdit { after, live: Some(uid), changed: update.changed, revision: update.revision.as_ref() };
    if live.daemon_set.meta.deleting.is_some() {
        print::note(&format!("{key} is being deleted: its controller does nothing any more"));
        return Ok(Vec::new());
    }
    tell(&edit, edit.left_behind(inventory));
    Ok(template_impact(inventory, &edit))
}

/// Says what the list of changes cannot.
fn tell(edit: &TemplateEdit<'_>, left_behind: usize) {
    let key = &edit.after.meta.key;
    if !edit.changed {
        print::note(&format!("{key}: the template does not change"));
    }
    if left_behind > 0 {
        let pods = if left_behind == 1 { "1 pod".to_owned() } else { format!("{left_behind} pods") };
        print::note(&format!(
            "{key}: the strategy is OnDelete; the template changes, and {pods} of an old one stay until somebody \
             deletes them"
        ));
    }
}
