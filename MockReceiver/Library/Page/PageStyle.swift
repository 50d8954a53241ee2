/// The pages' style: light or dark, as the reader's system is set.
enum PageStyle {
    static let text = """
        :root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fbfaf7; --line: #d8d4ca;
          --good: #1d7a3e; --bad: #b3261e; --soft: #6b665c; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e8e6e1; --paper: #1b1a18; --line: #44413b; --good: #63c384; --bad: #ff8a80; --soft: #a8a296; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
        header { display: flex; gap: 1rem; align-items: baseline; padding: .75rem 1.25rem; border-bottom: 1px solid var(--line); }
        header p { flex: 1; margin: 0; color: var(--soft); }
        h1 { font-size: 1.1rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
        main { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1.5rem; padding: 1.25rem; }
        section { min-width: 0; } .wide { grid-column: 1 / -1; }
        [role=alert] { margin: 0; padding: .5rem 1.25rem; color: var(--bad); border-bottom: 1px solid var(--line); }
        .big { font-size: 1.6rem; margin: 0; font-variant-numeric: tabular-nums; }
        svg { display: block; width: 100%; height: 60px; }
        .plot { fill: none; stroke: var(--good); stroke-width: 1; vector-effect: non-scaling-stroke; }
        .mark-good { fill: var(--good); } .mark-bad { fill: var(--bad); } .axis { stroke: var(--line); }
        dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; margin: .5rem 0 0; }
        dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; }
        table { width: 100%; border-collapse: collapse; }
        td, th { text-align: left; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--line);
          white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 22rem; font-variant-numeric: tabular-nums; }
        button.link { all: unset; cursor: pointer; text-decoration: underline; } button.link:focus-visible { outline: 2px solid; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        ul, ol { margin: 0; padding-left: 1.2rem; } li { margin-bottom: .35rem; }
        pre, textarea, code { font: 13px/1.4 ui-monospace, monospace; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }
        textarea { width: 100%; color: inherit; background: transparent; border: 1px solid var(--line); padding: .5rem; }
        article { border-top: 1px solid var(--line); padding: .6rem 0; } article h3 { margin: 0; font-size: .95rem; }
        #requests:focus { outline: none; }

        """
}
