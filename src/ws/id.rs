//! The name of a peer inside the process: its place in the roster and the generation of
//! that place, so that a late call never reaches the next peer there. It is a name and no
//! secret: whoever shows it to clients gives nothing away but a count.

use std::fmt;

/// One peer, for as long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId {
    slot: u32,
    generation: u32,
}

impl PeerId {
    pub(super) fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// The number that JS holds.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// Back from the number. Any number is a name; most are nobody's.
    pub fn from_bits(bits: u64) -> Self {
        Self {
            slot: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }

    /// Its slot, which another peer may have later.
    pub fn slot(self) -> usize {
        self.slot as usize
    }

    /// The how many-th peer in the slot it is.
    pub fn generation(self) -> u32 {
        self.generation
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_way_through_js() {
        let id = PeerId::new(7, u32::MAX);
        assert_eq!(PeerId::from_bits(id.to_bits()), id);
        assert_eq!(id.to_string(), "ffffffff00000007");
    }
}
