//! How much of the memory there is has been used: of the container where one bounds it, else
//! of the machine. Linux only; elsewhere nobody tells.

use std::path::Path;

/// Percent of memory in use.
pub fn used_percent() -> Option<f64> {
    container(Path::new("/sys/fs/cgroup")).or_else(|| machine(&read(Path::new("/proc/meminfo"))?))
}

/// Control groups, version 2 (Linux, Documentation/admin-guide/cgroup-v2): what files hold can
/// be given back at once, and so does not count.
fn container(group: &Path) -> Option<f64> {
    let limit: f64 = number(&read(&group.join("memory.max"))?)?;
    let current: f64 = number(&read(&group.join("memory.current"))?)?;
    let stat = read(&group.join("memory.stat")).unwrap_or_default();
    let files = field(&stat, "inactive_file").unwrap_or(0.0);
    (limit > 0.0).then(|| (current - files).max(0.0) / limit * 100.0)
}

/// `/proc/meminfo`.
fn machine(text: &str) -> Option<f64> {
    let total = field(text, "MemTotal:")?;
    let available = field(text, "MemAvailable:")?;
    (total > 0.0).then(|| (total - available) / total * 100.0)
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// `max` is none: no bound.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_counts_what_can_be_had() {
        let text = "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    250 kB\n";
        assert_eq!(machine(text), Some(75.0));
        assert_eq!(machine("MemTotal: 1000 kB\n"), None);
    }

    #[test]
    fn a_container_counts_against_its_own_bound() {
        let group = tempfile::tempdir().expect("a folder");
        let write = |name, text| std::fs::write(group.path().join(name), text).expect("written");
        write("memory.max", "max\n");
        write("memory.current", "600\n");
        assert_eq!(container(group.path()), None);
        write("memory.max", "1000\n");
        assert_eq!(container(group.path()), Some(60.0));
        write("memory.stat", "anon 300\ninactive_file 200\n");
        assert_eq!(container(group.path()), Some(40.0));
    }
}
