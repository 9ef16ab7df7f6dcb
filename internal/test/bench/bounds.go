//go:build unix

package main

import (
	"fmt"
	"strings"
)

// A bound is a number that the design promises, and the measured one.
type bound struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Most     float64 `json:"most"`
	format   string
}

func (b bound) held() bool { return b.Measured <= b.Most }

// bounds returns those with measured parts.
func (r *result) bounds() []bound {
	var all []bound
	for _, c := range []struct {
		what, store, by, byStore string
		most                     float64
	}{
		{"keychain: time, compared with a Go program that calls go-keyring once", storeKeychain, nameGoKeyring, storeKeychain, 0.80},
		{"keychain: time, compared with `secret-tool lookup`", storeKeychain, nameSecretTool, storeKeychain, 0.40},
		{"keychain: time, compared with `gh auth token` (which reads a file)", storeKeychain, nameGh, storeFile, 0.15},
		{"files: time, compared with a Go program that prints a constant", storeFile, nameConstant, "", 1.9},
	} {
		ours, theirs := r.find(nameGet, c.store), r.find(c.by, c.byStore)
		if ours != nil && theirs != nil {
			all = append(all, bound{c.what, ours.times(theirs).Median, c.most, "%.2f"})
		}
	}
	for _, store := range []string{storeKeychain, storeFile} {
		if m := r.find(nameGet, store); m != nil {
			const most = 12
			all = append(all, bound{of(store) + ": peak memory, MiB", float64(m.counts.PeakKiB) / 1024, most, "%.1f"})
		}
	}
	const largest = 10
	all = append(all, bound{"size of the binary, MB", float64(r.size) / 1e6, largest, "%.1f"})
	return append(all, r.stressBounds()...)
}

// of returns the store's name for people.
func of(store string) string {
	if store == storeFile {
		return "files"
	}
	return store
}

// stressBounds returns the bounds of the largest stress tests.
func (r *result) stressBounds() []bound {
	largest := 0
	for _, h := range r.stresses {
		largest = max(largest, h.Callers)
	}
	var all []bound
	for _, h := range r.stresses {
		if h.Callers != largest {
			continue
		}
		what := fmt.Sprintf("%s: %d callers at once, token %s: ", of(h.Store), h.Callers, h.Token)
		all = append(all, bound{what + "failures", float64(h.Failures), 0, "%.0f"})
		if h.Token == expired {
			const seconds = 5 // on two cores
			all = append(all,
				bound{what + "refreshes", float64(h.Requests), 1, "%.0f"},
				bound{what + "seconds until the last has its token", h.Last, seconds, "%.1f"})
		}
	}
	return all
}

// boundTable returns the table for the README.
func (r *result) boundTable(b *strings.Builder) {
	b.WriteString("| `codex-cred get` | measured | bound | |\n| --- | ---: | ---: | --- |\n")
	for _, c := range r.bounds() {
		missed := ""
		if !c.held() {
			missed = "not held"
		}
		fmt.Fprintf(b, "| %s | "+c.format+" | "+boundFormat(c.Most)+" | %s |\n", c.What, c.Measured, c.Most, missed)
	}
}

// boundFormat formats a bound as the design does.
func boundFormat(most float64) string {
	if most < 1 && most > 0 {
		return "%.2f"
	}
	return "%.4g"
}
