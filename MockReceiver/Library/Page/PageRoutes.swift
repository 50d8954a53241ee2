import HTTPTypes
import Hummingbird
import NIOCore

/// The embedded page: HTML, style and script from this program only.
struct PageRoutes {
    let control: ReceiverControl

    func add(to router: Router<AdminContext>) {
        router.get("/") { _, _ in PageRoutes.asset(PageDocument.overview, "text/html; charset=utf-8") }
        router.get("inbox/{token}") { _, context in
            let token = try context.parameters.require("token")
            guard control.inbox(token) != nil else { throw InboxRoutes.unknown(token) }
            return PageRoutes.asset(PageDocument.inbox, "text/html; charset=utf-8")
        }
        router.get("page.css") { _, _ in PageRoutes.asset(PageStyle.text, "text/css; charset=utf-8") }
        router.get("page.js") { _, _ in
            PageRoutes.asset(PageScript.shared + PageScript.overview, "text/javascript; charset=utf-8")
        }
        router.get("inbox.js") { _, _ in
            PageRoutes.asset(PageScript.shared + PageScript.inbox, "text/javascript; charset=utf-8")
        }
    }

    /// Allows only our own scripts, styles and images, and no framing; received text is never markup.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
        + "base-uri 'none'; form-action 'self'"

    private static func asset(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .cacheControl: "no-store", .contentSecurityPolicy: policy,
                .xContentTypeOptions: "nosniff",
                HTTPField.Name("referrer-policy")!: "no-referrer",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
