internal import CLinux

/// Memory that the process has freed and malloc(3) keeps.
public enum FreedMemory {
    /// Gives whole pages of it back to the kernel. Takes some milliseconds for each 100 MB of heap, during which other
    /// threads may wait for memory.
    public static func giveBack() { clinux_trim_memory() }
}
