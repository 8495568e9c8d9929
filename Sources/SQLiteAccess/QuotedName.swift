/// A table's or column's name as SQL writes it: between double quotes, those inside doubled.
package func quotedName(_ name: String) -> String {
  // Names come from a registered schema, and none has a quote: looking first is most of the cost.
  guard name.utf8.contains(UInt8(ascii: "\"")) else { return "\"\(name)\"" }
  return "\"" + name.replacing("\"", with: "\"\"") + "\""
}
