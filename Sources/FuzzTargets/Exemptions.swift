extension DecoderTable {
  /// What decodes and is not fuzzed, with the reason. A key is a declaration, a file or a folder.
  package static let exemptions: KeyValuePairs<String, String> = [
    "Hub/CertificateAuthority.swift func keyHash":
      "swift-certificates reads the request, of 8 KiB at most; the rest compares a key's type",
    "Hub/CertificateAuthority.swift CertificateSigningRequest(":
      "as above",
    "Hub/CertificateAuthority.swift Certificate(":
      "swift-certificates reads it, of 4 KiB at most; what is none has no issuer",
    "Hub/SiteAuthentication.swift Certificate(":
      "swift-certificates reads what TLS has already verified",
    "Hub/SiteName.swift": "reads the name in a certificate that the hub's own authority signed",
    "Hub/KeyFile.swift": "the hub's own files, mode 0600",
    "Hub/RequestBody.swift": "counts bytes against a limit; the decoder `zstd` inflates them",
    "Replica/SiteKey.swift": "the site's own key, and its certificate from the pinned hub",
    "Replica/CurlSupport.swift": "one line of libcurl's own words, judged by a number",
    "Replica/Enrolment.swift func decode": "names the failure; WireJSON decodes",
    "ReplicaAgent/PageSpool.swift func read":
      "returns bytes that this process wrote; the decoder `page` reads them",
    "HubService/SnapshotBytes.swift func read": "returns bytes of the hub's own file as they are",
    "HubService/SnapshotShelf.swift struct SnapshotRecord":
      "the hub's own file, mode 0600; what is in it the decoder `snapshot-response` reads",
    "kreissync/Hub/ErasureList.swift": "the hub's own file, mode 0600; WireJSON decodes",
    "HubStorage/HubStore.swift func read": "reads rows by SQL, no bytes",
    "HubService/Auditing.swift func read": "passes on what reads rows by SQL, no bytes",
    "HubStorage/SQLiteHub.swift func read": "reads rows by SQL, no bytes",
    "HubStorage/SQLiteHubBackup.swift func read": "reads rows by SQL, no bytes",
    "Benchmarks/Measurement/PeakMemory.swift func read": "one line of the kernel's own words",
    "HubStorage/HubRecords.swift": "an enumeration by its text, from the hub's own file",
    "HubStorage/ReplicaLogRecords.swift": "an enumeration by its text, from the hub's own file",
    "ReplicaAgent/DamagedFile.swift": "names the file; the decoder `sidecar` reads what is in it",
    "HubStorage/SchemaUpdate.swift init(from":
      "compares two schemas, which the decoder `schema` has read",
    "ReplicaStorage/ReplicaFile.swift func read": "reads rows by SQL, no bytes",
    "SyncCore/CapturedEntry.swift": "an enumeration by its text",
    "SyncCore/Counting.swift init?(text": "three words, from the hub's own file",
    "SyncCore/HubState.swift": "an enumeration by its text; the decoder `page` reads it",
    "SyncCore/Tiers.swift init?(bytes": "two digests of one length, from the hub's own file",
    "SyncCore/Identifiers.swift": "wraps a text; every text is one",
    "SyncCore/ByteCoding.swift": "the primitives that all block decoders read by",
    "SyncProtocol/DurableFile.swift": "returns bytes as they are, up to a limit",
    "Replica/SiteCertificate.swift": "the site's own certificate from the pinned hub",
    "Replica/CertificateExamination.swift": "the site's own key and certificate, as above",
    "kreissync/Site/SiteConfiguration.swift": "the owner's own settings, by the reader below",
    "kreissync/Hub/HubSettings.swift": "the owner's own settings, by the reader below",
    "kreissync/ConfigurationFile.swift":
      "some lines of the owner's own; the decoders `schema`, `hub-url` and `base64url` read them",
    "kreissync/Hub/HubRowImport.swift func read":
      "names the failure; the decoder `delimited-text` reads the file",
    "kreissync/Demo/": "answers of this very program to its own demonstration",
  ]
}
