//! Who moves to those it talks to, who stays, and that nothing is lost or out of order on the way.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use libprocess_engine::{Actor, Turns};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use support::{Plain, Running, actor};

/// Longer than any of these takes, and short enough to fail in time.
const LIMIT: Duration = Duration::from_secs(60);

/// Balls in play between two players.
const BALLS: u64 = 64;

/// Gives a ball to the other player.
type Throw = Box<dyn Fn(u64) + Send>;

/// Returns every ball, until it has seen as many as it wants.
struct Player {
    throw: Option<Throw>,
    /// How long each ball takes.
    takes: Duration,
    seen: u64,
    last: u64,
    done: Option<Sender<u64>>,
}

fn play(player: &mut Player, number: u64) {
    assert_eq!(number, player.seen % BALLS, "balls arrive in order");
    let begun = Instant::now();
    while begun.elapsed() < player.takes {}
    player.seen += 1;
    if player.seen == player.last {
        player.throw = None;
        let _ = player.done.take().map(|done| done.send(player.seen));
    }
    if let Some(throw) = &player.throw {
        throw(number);
    }
}

fn throw_to(partner: &Arc<Actor<Plain<Player>>>) -> Throw {
    let partner = partner.clone();
    Box::new(move |number| {
        let _ = partner.push::<_, 0>(move |player: &mut Player| play(player, number));
    })
}

type Players = [Arc<Actor<Plain<Player>>>; 2];

/// Two players on two workers, who keep each ball for a while. The receiver hears of the second's last one.
fn game(workers: &[Running; 2], balls: u64, takes: Duration) -> (Players, Receiver<u64>) {
    let weak = workers.each_ref().map(|running| Arc::downgrade(&running.worker));
    workers[0].worker.set_peers(vec![weak[1].clone()]);
    workers[1].worker.set_peers(vec![weak[0].clone()]);
    let (done, end) = channel();
    let player = |index: usize, done: Option<Sender<u64>>| {
        let player = Player {
            throw: None,
            takes,
            seen: 0,
            last: balls,
            done,
        };
        let (player, birth) = actor(&workers[index].worker, player);
        birth.start();
        player
    };
    let players = [player(0, None), player(1, Some(done))];
    let back = throw_to(&players[0]);
    let _ = players[1].push::<_, 0>(move |player: &mut Player| player.throw = Some(back));
    let throw = throw_to(&players[1]);
    let _ = players[0].push::<_, 0>(move |player: &mut Player| {
        (0..BALLS).for_each(&throw);
        player.throw = Some(throw);
    });
    (players, end)
}

fn over(players: &Players) {
    for player in players {
        let _ = player.push::<_, 0>(|player: &mut Player| player.throw = None);
        player.end(false);
    }
}

#[test]
fn two_that_do_little_but_talk_to_each_other_come_together() {
    let workers = [Running::new(Turns::Timed), Running::new(Turns::Timed)];
    let (players, end) = game(&workers, u64::MAX, Duration::ZERO);
    let begun = Instant::now();
    while !Arc::ptr_eq(&players[0].worker(), &players[1].worker()) {
        assert!(begun.elapsed() < LIMIT, "they are together before long");
        std::thread::yield_now();
    }
    over(&players);
    drop(end);
}

#[test]
fn those_who_work_for_long_stay_on_their_threads() {
    let workers = [Running::new(Turns::Timed), Running::new(Turns::Timed)];
    let (players, end) = game(&workers, 8_000, Duration::from_micros(20));
    let last = end.recv_timeout(LIMIT);
    assert_eq!(last, Ok(8_000), "all have been played");
    for (player, running) in players.iter().zip(&workers) {
        assert!(Arc::ptr_eq(&player.worker(), &running.worker), "it has not moved");
    }
    over(&players);
}

#[test]
fn nobody_moves_where_time_must_not_decide() {
    let workers = [Running::new(Turns::Counted), Running::new(Turns::Counted)];
    let (players, end) = game(&workers, 20_000, Duration::ZERO);
    assert_eq!(end.recv_timeout(LIMIT), Ok(20_000), "all have been played");
    for (player, running) in players.iter().zip(&workers) {
        assert!(Arc::ptr_eq(&player.worker(), &running.worker), "it has not moved");
    }
    over(&players);
}
