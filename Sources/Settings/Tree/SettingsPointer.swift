/// JSON pointers (RFC 6901).
enum SettingsPointer {
    /// One step: a slash and the name, with `~` and `/` escaped (section 3).
    static func step(_ name: String) -> String {
        "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}
