// swift-tools-version: 6.2
// Targets stand in floor order: a room may depend only on rooms above it. Sources/README.md is the map.

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// Products of other packages, named once.
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioLocks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let certificates = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")

func room(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)", swiftSettings: strict)
}

let ground: [Target] = [
    .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CLMDBGuard", dependencies: ["CLMDB"]),
    .target(name: "CLinux"),
]

let tools: [Target] = [
    room("LMDB", ["CLMDB", "CLMDBGuard"]),
    room("Threading", ["CLinux"]),
]

let words: [Target] = [
    room("WebhookModel"),
    room("WebhookSigning", ["WebhookModel", "COpenSSL"]),
    room("Settings", ["WebhookModel", "WebhookSigning", "CCurl", "COpenSSL"]),
    room("WireProtocol", ["WebhookModel", "CLinux", nioCore]),
    room("Access", ["Threading", "WebhookModel", "WebhookSigning", "COpenSSL"]),
]

let decisions: [Target] = [
    room("Scheduling", ["WebhookModel", collections, heap]),
    room("Store", ["LMDB", "WebhookModel", "CLinux"]),
]

let machines: [Target] = [
    room(
        "Ingest",
        ["Access", "WireProtocol", "WebhookModel", "Threading", nioCore, nioPosix, nioTLS, nioSSL, logging]),
    room("DurableQueue", ["LMDB", "Store", "Scheduling", "Threading", "WebhookModel", heap, logging]),
    room(
        "Sender",
        [
            "CCurl", "CLinux", "CNghttp2", "Settings", "Scheduling", "WebhookSigning", "Threading", "WebhookModel",
            collections,
            logging,
        ]),
]

let people: [Target] = [
    room(
        "IngestClient",
        ["WireProtocol", "WebhookModel", "WebhookSigning", nioCore, nioPosix, nioLocks, nioTLS, nioSSL, logging],
        exclude: ["Python"]),
    room("Conformance", ["WireProtocol", "WebhookModel", "Threading"]),
    room(
        "Management",
        ["Access", "DurableQueue", "Store", "Settings", "WebhookModel", "WebhookSigning", "Threading"]),
    room(
        "ManagementAPI",
        [
            "Management", "Access", "Store", "Settings", "WebhookModel", "WebhookSigning", "Threading", hummingbird,
            hummingbirdCore, nioCore, nioPosix, lifecycle, logging,
        ]),
]

let roof: [Target] = [
    room(
        "NeedletailServer",
        [
            "Access", "Ingest", "DurableQueue", "Sender", "Store", "Settings", "WebhookModel", "WebhookSigning",
            "Threading", "LMDB", "Management", "ManagementAPI", configuration, lifecycle, signals, logging, yaml,
        ]),
    .executableTarget(
        name: "needletail",
        dependencies: [
            "NeedletailServer", "Conformance", "IngestClient", "WireProtocol", "Settings", "WebhookModel", arguments,
            nioCore, nioPosix,
        ],
        swiftSettings: strict),
]

let companions: [Target] = [
    .target(
        name: "MockReceiver",
        dependencies: [
            "WebhookSigning", "WebhookModel", nioCore, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioLocks, nioTLS, nioSSL,
            certificates, asn1, crypto, hummingbird, lifecycle, logging, yaml,
        ],
        path: "MockReceiver/Library", swiftSettings: strict),
    .executableTarget(
        name: "mock-receiver", dependencies: ["MockReceiver", "WebhookSigning", arguments, nioCore],
        path: "MockReceiver/Command", swiftSettings: strict),
    .target(
        name: "LoadTest",
        dependencies: [
            "IngestClient", "WireProtocol", "WebhookModel", "WebhookSigning", "MockReceiver", nioCore, nioPosix,
            histogram,
        ],
        path: "LoadTest/Library", swiftSettings: strict),
    .executableTarget(
        name: "load-test", dependencies: ["LoadTest", "IngestClient", "MockReceiver", arguments],
        path: "LoadTest/Command", swiftSettings: strict),
]

let proofs: [Target] = [
    .target(
        name: "TestSupport", dependencies: ["WireProtocol", "WebhookModel", "COpenSSL", nioCore, nioPosix],
        path: "Tests/TestSupport", swiftSettings: strict),
    tests("LMDBTests", ["LMDB"]),
    tests("ThreadingTests", ["Threading"]),
    tests("WebhookModelTests", ["WebhookModel"]),
    tests("WebhookSigningTests", ["WebhookSigning", "WebhookModel"]),
    tests("SettingsTests", ["Settings", "WebhookModel", "WebhookSigning"]),
    tests("WireProtocolTests", ["WireProtocol", "WebhookModel", nioCore]),
    tests("AccessTests", ["Access", "WebhookModel", "WebhookSigning"]),
    tests("SchedulingTests", ["Scheduling", "WebhookModel"]),
    tests("StoreTests", ["Store", "LMDB", "WebhookModel"]),
    tests(
        "IngestTests",
        [
            "Ingest", "Access", "WireProtocol", "WebhookModel", "WebhookSigning", "Threading", nioCore, nioPosix,
            nioLocks, nioSSL, logging,
        ]),
    tests(
        "DurableQueueTests",
        ["DurableQueue", "Store", "LMDB", "Scheduling", "Threading", "WebhookModel", logging]),
    tests(
        "SenderTests",
        [
            "Sender", "CNghttp2", "Settings", "Scheduling", "WebhookSigning", "WebhookModel", "Threading",
            "MockReceiver", nioCore, nioPosix, nioSSL, logging,
        ]),
    tests(
        "IngestClientTests", ["IngestClient", "WireProtocol", "WebhookModel", nioCore, nioPosix, nioLocks, nioSSL]),
    tests(
        "ConformanceTests",
        [
            "Conformance", "Access", "Ingest", "DurableQueue", "Store", "Threading", "WireProtocol", "WebhookModel",
            "WebhookSigning", nioCore, nioPosix, logging,
        ]),
    tests("ManagementTests", ["Management", "Access", "WebhookModel"]),
    tests(
        "ManagementAPITests",
        [
            "ManagementAPI", "Management", "Access", "DurableQueue", "Store", "Threading", "WebhookModel",
            "WebhookSigning", logging,
        ]),
    tests(
        "NeedletailServerTests",
        [
            "NeedletailServer", "Ingest", "Settings", "Store", "Threading", "WebhookModel", "WebhookSigning", logging,
            yaml,
        ]),
    tests("MockReceiverTests", ["MockReceiver", "WebhookSigning", "WebhookModel", nioCore, nioPosix, nioLocks]),
    tests(
        "LoadTestTests",
        ["LoadTest", "IngestClient", "MockReceiver", "WireProtocol", "WebhookModel", nioCore, nioPosix]),
    tests("TidyTests", []),
    tests(
        "EndToEndTests",
        [
            "Store", "LMDB", "IngestClient", "WireProtocol", "WebhookModel", "WebhookSigning", "MockReceiver", nioCore,
            nioPosix, nioSSL,
        ]),
    tests(
        "CrashTests",
        ["LoadTest", "IngestClient", "Store", "LMDB", "WireProtocol", "WebhookModel", nioLocks]),
]

var package = Package(
    name: "needletail",
    products: [
        .executable(name: "needletail", targets: ["needletail"]),
        .executable(name: "mock-receiver", targets: ["mock-receiver"]),
        .executable(name: "load-test", targets: ["load-test"]),
        .library(name: "WebhookSigning", targets: ["WebhookSigning"]),
        .library(name: "IngestClient", targets: ["IngestClient", "WireProtocol", "WebhookModel"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: ground + tools + words + decisions + machines + people + roof + companions + proofs,
    swiftLanguageModes: [.v6]
)

// Benchmarks/run asks for these: their library costs a minute of building and is of no use to anybody else.
if Context.environment["NEEDLETAIL_BENCHMARKS"] != nil {
    package.dependencies.append(
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []))
    package.targets.append(.target(name: "Allocations", path: "Benchmarks/Allocations"))
    package.targets.append(
        .executableTarget(
            name: "RoomBenchmarks",
            dependencies: [
                "Allocations", "Access", "Ingest", "MockReceiver", "WireProtocol", "WebhookModel", "WebhookSigning",
                "Scheduling",
                "Threading", "Store", "LMDB", "TestSupport", nioCore, .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Rooms", swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}

// .ci/thread-sanitizer asks for some tests only: the sanitizer needs everything compiled once more.
if let names = Context.environment["NEEDLETAIL_TEST_TARGETS"] {
    var wanted = Set(names.split(separator: ",").map(String.init))
    // From the last target to the first: each stands below those that it depends on.
    for target in package.targets.reversed() where wanted.contains(target.name) {
        for dependency in target.dependencies {
            switch dependency {
            case .targetItem(let name, _), .byNameItem(let name, _): wanted.insert(name)
            default: break
            }
        }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products = []
}
