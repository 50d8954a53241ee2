import Testing
import WebhookModel

@Suite struct EndpointSecretTests {
    private func settings(_ secrets: EndpointSecret...) -> Endpoint.Settings {
        var settings = Endpoint.Settings(url: "https://a.example/", secrets: [])
        settings.secrets = secrets
        return settings
    }

    @Test func aRotatedSecretStaysLiveForADay() {
        var settings = settings(EndpointSecret("old"))
        settings.rotate(to: "new", now: 1_000)
        #expect(settings.secrets == [EndpointSecret("new"), EndpointSecret("old", until: 1_000 + 86_400)])
    }

    @Test func aRotatedSecretStaysLiveForTheTimeThatItsOwnerChose() {
        var settings = settings(EndpointSecret("old"))
        settings.rotate(to: "new", now: 1_000, overlap: 60)
        #expect(settings.secrets[1].until == 1_060)
        settings.rotate(to: "newest", now: 1_010, overlap: nil)
        // What was to end sooner still does.
        #expect(
            settings.secrets == [EndpointSecret("newest"), EndpointSecret("new"), EndpointSecret("old", until: 1_060)])
    }

    @Test func endedSecretsAreRemovedAndThenTheOldest() {
        var settings = settings(
            EndpointSecret("d"), EndpointSecret("c"), EndpointSecret("ended", until: 1_000), EndpointSecret("b"),
            EndpointSecret("a"))
        settings.rotate(to: "e", now: 1_000, overlap: nil)
        #expect(settings.secrets.map(\.text) == ["e", "d", "c", "b"])
        settings.rotate(to: "c", now: 1_000, overlap: nil)
        #expect(settings.secrets.map(\.text) == ["c", "e", "d", "b"], "a secret stands once")
    }

    @Test func nothingPrintsASecret() {
        var settings = settings(EndpointSecret("hunter2", until: 5))
        settings.headers = [CustomHeader("Authorization", "hunter2")]
        var shown = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &shown)
        #expect(!shown.contains("hunter2") && shown.contains("Authorization"))
    }
}
