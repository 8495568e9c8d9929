import Testing

/// Lines that cut, lose and drip. Whatever happened, the next session goes on; nothing is lost and
/// nothing counts twice.
@Suite(.serialized)
struct NetworkFaultTests {
  /// What a site may say after a bad line: all went well, or the hub could not be reached.
  private func expectHonest(_ outcome: Outcome, _ place: String) throws {
    #expect([0, 6].contains(outcome.exit), "\(place): \(outcome)")
    if outcome.exit == 6 {
      #expect(try outcome.json["error"]["code"] == "hub_unreachable", "\(place): \(outcome)")
    } else if outcome.exit == 0 {
      expectSums(try outcome.json)
    }
  }

  private enum Direction: CaseIterable {
    case toHub
    case toSite
  }

  @Test("A line that cuts after any number of bytes loses nothing and doubles nothing")
  func cuts() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let client = try site.client()
      let caseID = try client.openCase()
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        try client.execute("INSERT INTO consultation (case_id, minutes) VALUES ('\(caseID)', 0)")
        proxy.set(.fair)
        try site.sync(environment: proxy.environment)
        let whole = proxy.traffic
        #expect(whole.toHub > 1_000 && whole.toSite > 1_000)
        var inserted = 1
        var cutCount = 0
        for direction in Direction.allCases {
          let total = direction == .toHub ? whole.toHub : whole.toSite
          for step in 0..<28 {
            inserted += 1
            try client.execute(
              """
              INSERT INTO consultation (case_id, minutes) VALUES ('\(caseID)', \(inserted));
              UPDATE person SET phone = 'p\(inserted)';
              """)
            var weather = CuttingProxy.Weather.fair
            let bytes = total * step / 27
            if direction == .toHub { weather.toHubMax = bytes } else { weather.toSiteMax = bytes }
            weather.resets = step.isMultiple(of: 2)
            proxy.set(weather)
            let outcome = try site.site("sync", environment: proxy.environment)
            try expectHonest(outcome, "\(direction) cut after \(bytes)")
            if outcome.exit == 6 { cutCount += 1 }
          }
        }
        #expect(cutCount > 40)
        // Each batch got one answer, and the log one entry for each change.
        proxy.set(.fair)
        try site.sync(environment: proxy.environment)
        #expect(
          try county.database().value("SELECT count(*) FROM consultation") == "\(inserted + 1)")
      }
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT phone FROM person") == "p57")
      #expect(try county.hub("conflicts", "list").json == [])
      #expect(try site.notices() == [])
    }
  }

  @Test("A lost answer to a batch is answered again, and counts once")
  func lostAnswer() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        proxy.set(.fair)
        try site.sync(environment: proxy.environment)
        let whole = proxy.traffic.toSite
        try site.client().openCase(of: "Zwei")
        // The first cut that lets the batch reach the hub lets its answer not reach the site.
        var weather = CuttingProxy.Weather.fair
        var bytes = whole / 4
        while try county.hub("status").json["cases"] == 0, bytes < whole {
          weather.toSiteMax = bytes
          bytes += 30
          proxy.set(weather)
          try expectHonest(
            try site.site("sync", environment: proxy.environment), "cut after \(bytes)")
        }
        let seq = try county.hub("status").json["seq"]
        let status = try site.site("status").json
        #expect(status["pending"] == 4)
        let report = try site.sync()
        #expect(report["captured"] == 4 && report["pushed"]["applied"] == 4)
        #expect(report["seq"] == seq)
      }
      try Agreement.expect(county, [site])
    }
  }

  @Test("A line that drips byte by byte delivers")
  func drips() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        var weather = CuttingProxy.Weather.fair
        weather.pieceByteCount = 3
        proxy.set(weather)
        let report = try site.sync(environment: proxy.environment)
        #expect(report["pushed"]["applied"] == 4)
      }
      try Agreement.expect(county, [site])
    }
  }

  @Test("A first load that is cut many times arrives whole")
  func firstLoad() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      try client.execute("BEGIN")
      for number in 0..<40 {
        let id = try client.openCase(of: "n\(number)")
        try client.rows(
          "UPDATE consultation SET note = ? WHERE case_id = ?",
          [String(repeating: "Vermerk \(number) ", count: 2_000), id])
      }
      try client.execute("COMMIT")
      try site.sync()
      let field = try county.fieldService()
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        for step in 0..<12 {
          var weather = CuttingProxy.Weather.fair
          weather.toSiteMax = 3_000 + step * 70_000
          proxy.set(weather)
          try expectHonest(
            try field.site("sync", environment: proxy.environment), "cut \(weather)")
        }
      }
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM person") == "40")
    }
  }
}
