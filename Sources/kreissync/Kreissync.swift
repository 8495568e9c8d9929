import ArgumentParser
@main struct Kreissync: ParsableCommand {}
