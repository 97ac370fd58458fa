//! Screens as text and as a plane of styles, from a recorded and a made-up cluster.

use dsgrid::app::{Capabilities, Colour};

use crate::support::monitor::{press, recorded, screen, synthetic, text};

#[test]
fn dump() {
    let caps = Capabilities::default();
    let width: u16 = std::env::var("W").unwrap_or("80".into()).parse().unwrap();
    let height: u16 = std::env::var("H").unwrap_or("24".into()).parse().unwrap();
    let nodes: usize = std::env::var("N").unwrap_or("0".into()).parse().unwrap();
    let mut model = if nodes > 0 { synthetic(nodes, caps) } else { recorded("02-", "after", caps) };
    screen(&mut model, (width, height));
    press(&mut model, &std::env::var("K").unwrap_or_default());
    eprintln!("{}", text(&screen(&mut model, (width, height))));
    let _ = Colour::Mono;
}
