//! Signs of life: who is pinged, who is dead, who is idle.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::AsyncReadExt;

use super::client::*;
use super::*;

#[test]
fn the_silent_are_pinged_and_the_dead_dropped() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1024);
        settle().await;
        let start = local.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        local.sweep(at(30));
        client.expect(b"\x89\0").await;
        client.send(&frame(0x8a, b"")).await;
        settle().await;
        local.sweep(at(60));
        client.expect(b"\x89\0").await;
        local.sweep(at(89));
        settle().await;
        assert_eq!(hub.open(), 1);
        local.sweep(at(90));
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest, b"");
        assert_eq!(how, closed(1006, "", false));
    });
}

#[test]
fn whoever_we_do_not_read_owes_us_no_sign_of_life() {
    run(async {
        let (hub, local, told) = one_thread(Limits {
            unread_messages: 1,
            idle: Some(Duration::from_secs(45)),
            ..Limits::default()
        });
        *told.keep.lock() = Some(Vec::new());
        let mut client = connect(&local, 1024);
        client.send(&frame(0x81, b"slow")).await;
        settle().await;
        let start = local.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for seconds in [30, 60, 90, 1000] {
            local.sweep(at(seconds));
            settle().await;
            assert_eq!(hub.open(), 1, "{seconds}");
            // what stands between us may end what is silent
            client.expect(b"\x89\0").await;
        }
        // the hook has taken it: the time without us does not count
        let kept = told.keep.lock().take();
        drop(kept);
        settle().await;
        local.sweep(at(1029));
        settle().await;
        assert_eq!(client.socket.read_u8().now_or_never().map(|_| ()), None);
        local.sweep(at(1030));
        client.expect(b"\x89\0").await;
        client.send(&frame(0x8a, b"")).await;
        settle().await;
        local.sweep(at(1045));
        settle().await;
        client.expect(b"\x88\x13\x03\xe9idle for too long").await;
    });
}

#[test]
fn a_peer_that_takes_its_answers_lives_and_one_that_stops_does_not() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let mut client = connect(&local, 1000);
        settle().await;
        let answer = text("x".repeat(200_000));
        hub.answer(client.id, answer, None).expect("short");
        local.turn();
        settle().await;
        let start = local.now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut some = [0; 500];
        for turn in 1..=10 {
            local.sweep(at(turn * 20));
            client
                .socket
                .read_exact(&mut some)
                .await
                .expect("it writes");
            settle().await;
            assert_eq!(hub.open(), 1, "{turn}");
        }
        // what it says is not read meanwhile
        client.send(&frame(0x8a, b"")).await;
        for (seconds, open) in [(230, 1), (259, 1), (260, 0)] {
            local.sweep(at(seconds));
            settle().await;
            assert_eq!(hub.open(), open, "{seconds}");
        }
        let (_, how) = client.ends(&told).await;
        assert_eq!(how, closed(1006, "", false));
    });
}

#[test]
fn what_the_socket_takes_at_once_is_no_sign_of_life() {
    run(async {
        let (hub, local, told) = one_thread(Limits::default());
        let client = connect(&local, 1 << 20);
        settle().await;
        let start = local.now();
        for seconds in (0..=60).step_by(10) {
            assert_eq!(hub.open(), 1, "{seconds}");
            hub.send(client.id, text("news")).expect("room");
            local.turn();
            settle().await;
            local.sweep(start + Duration::from_secs(seconds));
            settle().await;
        }
        let (_, how) = client.ends(&told).await;
        assert_eq!(how, closed(1006, "", false));
    });
}

#[test]
fn the_idle_are_closed() {
    run(async {
        let (_, local, told) = one_thread(Limits {
            idle: Some(Duration::from_secs(20)),
            ..Limits::default()
        });
        let mut client = connect(&local, 1024);
        settle().await;
        local.sweep(local.now() + Duration::from_secs(20));
        settle().await;
        client.send(&frame(0x88, &close_frame(1001, ""))).await;
        let (rest, how) = client.ends(&told).await;
        assert_eq!(rest[2..4], 1001u16.to_be_bytes());
        assert_eq!(how, closed(1001, "", true));
    });
}
