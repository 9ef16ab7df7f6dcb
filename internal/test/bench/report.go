//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// find returns the program of that name and store, or nil.
func (r *result) find(name, store string) *measured {
	i := slices.IndexFunc(r.programs, func(m *measured) bool { return m.program.name == name && m.program.store == store })
	if i < 0 {
		return nil
	}
	return r.programs[i]
}

// A row is a program in the report.
type row struct {
	Name      string `json:"name"`
	Store     string `json:"store,omitempty"`
	Elapsed   spread `json:"elapsed_ms"`
	CPU       spread `json:"cpu_ms"`
	Constant  spread `json:"times_constant"`
	GoKeyring spread `json:"times_go_keyring"`
	counts
}

func (r *result) rows() []row {
	rows := make([]row, len(r.programs))
	for i, m := range r.programs {
		rows[i] = row{
			Name: m.program.name, Store: m.program.store, counts: m.counts,
			Elapsed: spreadOf(m.elapsed), CPU: spreadOf(m.cpu),
			Constant: m.times(r.find(nameConstant, "")), GoKeyring: m.times(r.find(nameGoKeyring, storeKeychain)),
		}
	}
	return rows
}

// times returns the ratio to another program, or zero without one.
func (m *measured) times(other *measured) spread {
	if m == nil || other == nil {
		return spread{}
	}
	return spreadOf(paired(m.elapsed, other.elapsed))
}

// writeJSON writes the result as one JSON object.
func (r *result) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		SchemaVersion int      `json:"schema_version"`
		Machine       machine  `json:"machine"`
		Rounds        int      `json:"rounds"`
		BinaryBytes   int64    `json:"binary_bytes"`
		Programs      []row    `json:"programs"`
		Herds         []stress `json:"herds"`
		Bounds        []bound  `json:"bounds"`
		Missing       []string `json:"missing"`
	}{1, r.machine, r.rounds, r.size, r.rows(), r.stresses, r.bounds(), append([]string{}, r.missing...)})
}

// writeMarkdown writes the whole report.
func (r *result) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# codex-cred, measured\n\n%s/%s, %d CPUs, %s; %d rounds, each in an order of its own. Ratios are within a round.\nThe binary has %.2f MB.\n\n",
		r.machine.OS, r.machine.Arch, r.machine.CPUs, r.machine.Go, r.rounds, float64(r.size)/1e6)
	b.WriteString("| program | store | median ms | p10 | p90 | x constant | x go-keyring | user+sys ms | peak MiB | system calls | bus calls | bus messages |\n")
	b.WriteString("| --- | --- " + strings.Repeat("| ---: ", 10) + "|\n")
	for _, row := range r.rows() {
		fmt.Fprintf(&b, "| %s | %s | %.2f | %.2f | %.2f | %s | %s | %.2f | %.1f | %s | %s | %s |\n",
			row.Name, row.Store, row.Elapsed.Median, row.Elapsed.P10, row.Elapsed.P90, ratio(row.Constant), ratio(row.GoKeyring),
			row.CPU.Median, float64(row.PeakKiB)/1024, number(row.SystemCalls), number(row.BusCalls), number(row.BusMessages))
	}
	r.stressTable(&b)
	b.WriteString("\n## Bounds\n\n")
	r.boundTable(&b)
	if len(r.missing) > 0 {
		b.WriteString("\nNot measured:\n\n")
	}
	for _, m := range r.missing {
		fmt.Fprintf(&b, "- %s\n", m)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *result) stressTable(b *strings.Builder) {
	b.WriteString("\n## Many at once\n\nSeconds from the moment at which all are released.\n\n")
	b.WriteString("| callers | store | token | half ended | last ended | failures | different tokens | requests at the token endpoint | daemon |\n")
	b.WriteString("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, h := range r.stresses {
		daemon := "alive"
		if !h.DaemonAlive {
			daemon = "dead"
		}
		fmt.Fprintf(b, "| %d | %s | %s | %.2f | %.2f | %d | %d | %d | %s |\n", h.Callers, h.Store, h.Token, h.Half, h.Last, h.Failures, h.Tokens, h.Requests, daemon)
	}
	for _, h := range r.stresses {
		if h.Failure != "" {
			fmt.Fprintf(b, "\nThe first failure of %d (%s, %s): %s\n", h.Callers, h.Store, h.Token, h.Failure)
		}
	}
}

func ratio(s spread) string {
	if s == (spread{}) {
		return ""
	}
	return fmt.Sprintf("%.2f", s.Median)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
