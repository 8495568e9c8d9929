import Testing

@Suite("Comments and string literals are not code")
struct SwiftCodeTests {
  @Test(
    "what people read is blanked, what the compiler runs is kept",
    arguments: [
      ("a // b\nc", "a     \nc"),
      ("a /* b /* c */ d */ e", "a                   e"),
      ("f(\"print(x)\")", "f(          )"),
      ("\"a \\\" b\" + c", "         + c"),
      ("\"a \\(b(c) + \"d\") e\" + f", "    (b(c) +    )    + f"),
      ("\"\"\"\n  a \"b\" c\n  \"\"\"\nd", "   \n         \n     \nd"),
      ("#\"a \"b\" \\(c)\"# + d", "               + d"),
      ("#\"a \\#(b)\"# + d", "      (b)   + d"),
    ])
  func blanked(source: String, expected: String) {
    #expect(SwiftCode.blanked(source) == expected)
  }
}
