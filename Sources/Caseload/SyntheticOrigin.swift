/// Where a household comes from: codes and names that fit together.
///
/// The names hold letters that break careless programs: dotless and dotted i, letters below and
/// above lines, the apostrophes ʼ and ʿ, which are letters and no quotes, and K͟h, G͟h, z̧, which
/// no single code point can write and which are two or three also after normalisation (NFC).
struct SyntheticOrigin: Sendable {
  struct Name: Sendable {
    let latin: String
    let native: String?
  }

  /// Key of the Federal Statistical Office: three digits, text.
  let nationality: String
  /// ISO 639-3, the first of which everybody speaks.
  let languages: [String]
  /// Titles of residence that people from there mostly have.
  let titles: [String]
  let familyNames: [String]
  let femaleNames: [Name]
  let maleNames: [Name]

  static let all = [syria, afghanistan, iraq, ukraine, turkey, eritrea, iran, serbia, nigeria]

  private static let syria = SyntheticOrigin(
    nationality: "475", languages: ["ara", "kmr"], titles: protected,
    familyNames: ["K\u{35F}hālid", "al-Ḥusain", "Ḥaddād", "aš-Šāmī"],
    femaleNames: names(["Rīm": "ريم", "Nūr": "نور", "Ġāda": "غادة"]),
    maleNames: names(["Samīr": "سمير", "ʿUmar": "عمر", "Ṭāriq": "طارق"]))
  private static let afghanistan = SyntheticOrigin(
    nationality: "423", languages: ["prs", "pus"], titles: protected,
    familyNames: ["G\u{35F}hulāmī", "Aḥmadzai", "Naz\u{327}arī"],
    femaleNames: names(["S\u{331}urayyā": nil, "Zahrā": "زهرا"]),
    maleNames: names(["Ḥamīd": "حمید", "Z\u{327}ahīr": nil]))
  private static let iraq = SyntheticOrigin(
    nationality: "438", languages: ["kmr", "ara"], titles: protected,
    familyNames: ["Şêxanî", "al-Ǧubūrī", "Qaṣṣāb"],
    femaleNames: names(["Jîyan": nil, "Šaimāʼ": "شيماء"]),
    maleNames: names(["Azadî": nil, "Muṣṭafā": "مصطفى"]))
  private static let ukraine = SyntheticOrigin(
    nationality: "166", languages: ["ukr", "rus"], titles: temporary,
    familyNames: ["Lukʼjanenko", "Ševčenko", "Dąbrowska-Łoś", "Žuravelʼ"],
    femaleNames: names(["Darʼja": "Дарʼя", "Oľha": "Ольга", "Myroslava": "Мирослава"]),
    maleNames: names(["Jurij": "Юрій", "Maksym": "Максим"]))
  private static let turkey = SyntheticOrigin(
    nationality: "163", languages: ["tur", "kmr"], titles: pending,
    familyNames: ["Yıldırım", "Şahin", "Ağaoğlu", "Öztürk"],
    femaleNames: names(["Gülşen": nil, "İpek": nil, "Çiğdem": nil]),
    maleNames: names(["Oğuz": nil, "Çağrı": nil, "Işık": nil]))
  private static let eritrea = SyntheticOrigin(
    nationality: "224", languages: ["tir", "ara"], titles: protected,
    familyNames: ["Täsfay", "Ḥagos", "Gäbrä"],
    femaleNames: names(["Sälam": "ሰላም", "Ḥiwät": nil]),
    maleNames: names(["Yonas": "ዮናስ", "Mäḥari": nil]))
  private static let iran = SyntheticOrigin(
    nationality: "439", languages: ["fas", "aze"], titles: pending,
    familyNames: ["Šīrāzī", "Rażavī", "Ḫosravī"],
    femaleNames: names(["Nāzanīn": "نازنین", "Šīrīn": "شیرین"]),
    maleNames: names(["Āraš": "آرش", "Režā": nil]))
  private static let serbia = SyntheticOrigin(
    nationality: "170", languages: ["rom", "srp"], titles: tolerated,
    familyNames: ["Đorđević", "Kőszegi", "Čović"],
    femaleNames: names(["Željka": nil, "Ljiljana": nil]),
    maleNames: names(["Siniša": nil, "Győző": nil]))
  private static let nigeria = SyntheticOrigin(
    nationality: "232", languages: ["eng", "yor"], titles: tolerated,
    familyNames: ["Chukwụ", "Ọláwálé", "Ẹ̀kọ́"],
    femaleNames: names(["Ọlábísí": nil, "Ngọzị": nil]),
    maleNames: names(["Adéwálé": nil, "Ụchenna": nil]))

  private static let protected = [
    "§ 25 Abs. 2 Satz 1 Alt. 1 AufenthG", "§ 25 Abs. 2 Satz 1 Alt. 2 AufenthG",
    "§ 25 Abs. 3 AufenthG", "§ 55 AsylG",
  ]
  private static let temporary = ["§ 24 AufenthG"]
  private static let pending = ["§ 55 AsylG", "§ 25 Abs. 2 Satz 1 Alt. 1 AufenthG"]
  private static let tolerated = ["§ 60a AufenthG", "§ 55 AsylG", "§ 25a AufenthG"]

  private static func names(_ names: KeyValuePairs<String, String?>) -> [Name] {
    names.map { Name(latin: $0.key, native: $0.value) }
  }
}
