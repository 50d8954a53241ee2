/// The version of this build, shown in `needletail version`, WELCOME and User-Agent.
public enum ServerVersion {
    public static let text = "0.1.0"
}
