//! Redis, by means of the `redis` crate: one connection that sends and hears (RESP3, from Redis 6 on),
//! sharded where the server can. What arrives waits in a bounded queue; what has no room there is
//! dropped, missed and asked for again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisError, RedisResult, Value, cmd, pipe,
};
use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::node::Channel;
use super::words::{Instance, LANES};

/// For a connection, TLS included, and for each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that have arrived and were not looked at.
const ARRIVED_BYTES: usize = 64 << 20;

/// What came through the connection.
#[derive(Debug)]
pub(super) enum Arrival {
    Frame(Bytes),
    /// Nothing more will.
    End,
}

/// Where Redis is, and by which names its channels go.
pub(super) struct Redis {
    client: Client,
    prefix: String,
    id: Instance,
}

/// A connection on which this instance hears and sends.
pub(super) struct Connection {
    connection: MultiplexedConnection,
    names: Arc<Names>,
    /// It spreads channels over shards.
    pub sharded: bool,
    arrivals: UnboundedReceiver<Arrival>,
    arrived: Arc<AtomicUsize>,
}

/// Names of channels.
struct Names {
    prefix: String,
    publish: &'static str,
}

impl Names {
    fn channel(&self, channel: Channel) -> String {
        let prefix = &self.prefix;
        match channel {
            Channel::Lane(lane) => format!("{prefix}:lane:{lane}"),
            Channel::Inbox(instance) => format!("{prefix}:to:{instance:016x}"),
            Channel::Control => format!("{prefix}:all"),
        }
    }
}

impl Redis {
    /// Of a URL that was looked at when the configuration was decided.
    pub fn new(url: &str, prefix: &str, id: Instance) -> RedisResult<Self> {
        let info = url.into_connection_info()?;
        let settings = info.redis_settings().clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP3);
        // What a URL with rediss:// needs. Another part of the process may have chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            client: Client::open(info.set_redis_settings(settings))?,
            prefix: prefix.to_owned(),
            id,
        })
    }

    /// Connects and subscribes.
    pub async fn connect(&self) -> RedisResult<Connection> {
        let (sender, arrivals) = unbounded_channel();
        let arrived = Arc::new(AtomicUsize::new(0));
        let counted = arrived.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(move |info: PushInfo| arrive(info, &sender, &counted));
        let client = &self.client;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let names = |publish| Names {
            prefix: self.prefix.clone(),
            publish,
        };
        // A server before 7 does not know the command, and a cluster refuses channels of several
        // slots at once: there, ordinary channels reach all nodes.
        let shards = names("SPUBLISH");
        let sharded = match self.subscribe(&mut connection, "SSUBSCRIBE", &shards).await {
            Ok(()) => true,
            Err(error) if error.kind() == ::redis::ErrorKind::Io => return Err(error),
            Err(error) if error.is_timeout() || error.is_connection_dropped() => return Err(error),
            Err(_) => false,
        };
        let names = if sharded { shards } else { names("PUBLISH") };
        if !sharded {
            self.subscribe(&mut connection, "SUBSCRIBE", &names).await?;
        }
        Ok(Connection {
            connection,
            names: Arc::new(names),
            sharded,
            arrivals,
            arrived,
        })
    }

    async fn subscribe(
        &self,
        connection: &mut MultiplexedConnection,
        command: &str,
        names: &Names,
    ) -> RedisResult<()> {
        let lanes = (0..LANES as u8).map(Channel::Lane);
        let others = [Channel::Inbox(self.id), Channel::Control];
        let mut subscribe = cmd(command);
        for channel in lanes.chain(others) {
            subscribe.arg(names.channel(channel));
        }
        subscribe.exec_async(connection).await
    }
}

/// Called where the connection is read: it must not wait.
fn arrive(
    info: PushInfo,
    sender: &UnboundedSender<Arrival>,
    arrived: &AtomicUsize,
) -> Result<(), ()> {
    let arrival = match info.kind {
        PushKind::Disconnection => Arrival::End,
        PushKind::Message | PushKind::SMessage => match info.data.into_iter().nth(1) {
            Some(Value::BulkString(bytes)) => Arrival::Frame(bytes.into()),
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    if let Arrival::Frame(bytes) = &arrival {
        let before = arrived.fetch_add(bytes.len(), Relaxed);
        if before + bytes.len() > ARRIVED_BYTES {
            arrived.fetch_sub(bytes.len(), Relaxed);
            return Ok(());
        }
    }
    sender.send(arrival).map_err(|_| ())
}

impl Connection {
    /// What has arrived.
    pub async fn arrival(&mut self) -> Arrival {
        let arrival = self.arrivals.recv().await.unwrap_or(Arrival::End);
        self.looked_at(arrival)
    }

    /// What has arrived, if anything has.
    pub fn arrival_now(&mut self) -> Option<Arrival> {
        let arrival = self.arrivals.try_recv().ok()?;
        Some(self.looked_at(arrival))
    }

    fn looked_at(&self, arrival: Arrival) -> Arrival {
        if let Arrival::Frame(bytes) = &arrival {
            self.arrived.fetch_sub(bytes.len(), Relaxed);
        }
        arrival
    }

    /// Gives Redis the frames, in order; done once it says that it has them.
    pub fn send(
        &self,
        frames: &[(Channel, Bytes)],
    ) -> impl Future<Output = Result<(), RedisError>> + 'static {
        let mut connection = self.connection.clone();
        let mut pipeline = pipe();
        for (channel, bytes) in frames {
            let name = self.names.channel(*channel);
            pipeline
                .cmd(self.names.publish)
                .arg(name)
                .arg(&bytes[..])
                .ignore();
        }
        async move { pipeline.exec_async(&mut connection).await }
    }
}
