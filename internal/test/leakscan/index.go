package leakscan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// An index maps each window of each secret to its position.
type index map[[Window]byte]place

type place struct{ secret, offset int }

// newIndex returns the index, and a line for each secret that it cannot hold.
func newIndex(secrets []string) (index, []string) {
	x := index{}
	var unfit []string
	if len(secrets) == 0 {
		unfit = append(unfit, "there is no secret to look for")
	}
	for n, secret := range secrets {
		if len(secret) < Window {
			unfit = append(unfit, fmt.Sprintf("secret %d has %d bytes, too few to look for", n, len(secret)))
			continue
		}
		for offset := range len(secret) - Window + 1 {
			x[[Window]byte([]byte(secret[offset:offset+Window]))] = place{n, offset}
		}
	}
	return x, unfit
}

func (x index) entry(root *os.Root, path string, kind fs.FileMode) []string {
	var content []byte
	var err error
	what := path
	switch {
	case kind.IsRegular():
		content, err = root.ReadFile(path)
	case kind&fs.ModeSymlink != 0:
		var target string
		target, err = root.Readlink(path)
		what, content = "target of "+path, []byte(target)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []string{fmt.Sprintf("%s: not scanned: %v", path, err)}
	}
	return x.scan(what, content)
}

// scan returns the findings in b and in everything that b may encode.
func (x index) scan(label string, b []byte) []string {
	found := x.forms(b)
	lines := make([]string, 0, len(found))
	for _, f := range found {
		lines = append(lines, f.line(label, ""))
	}
	plain := unescape(b)
	if len(plain.text) == len(b) {
		return lines
	}
	for _, f := range x.forms(plain.text) {
		from, to := plain.from[f.offset], plain.from[f.offset+f.span]
		if f.offset = from; to-from > f.span { // else it is among those above
			lines = append(lines, f.line(label, "percent-encoding"))
		}
	}
	return lines
}

// A finding is a match in some encoding; offset and span are positions in the encoded text.
type finding struct {
	match
	span int
	form string
}

func (f finding) line(label, outer string) string {
	in := strings.Trim(f.form+", "+outer, ", ")
	if in != "" {
		in = " in " + in
	}
	return fmt.Sprintf("%s: %d bytes of secret %d%s at offset %d", label, f.length, f.secret, in, f.offset)
}

// forms returns the findings in b and in its runs of digits.
func (x index) forms(b []byte) []finding {
	var found []finding
	for _, at := range x.find(b) {
		found = append(found, finding{at, at.length, ""})
	}
	for _, r := range radixes() {
		for _, run := range r.runs(b) {
			found = append(found, x.scanRun(r, run)...)
		}
	}
	return found
}

func (x index) scanRun(r *radix, digits run) []finding {
	var found []finding
	for phase := range r.phases {
		for _, at := range x.find(r.decode(digits.text[phase:])) {
			first := at.offset * 8 / r.bits
			last := ((at.offset+at.length)*8 - 1) / r.bits
			at.offset = digits.offset + phase + first
			found = append(found, finding{at, last - first + 1, r.name})
		}
	}
	return found
}

// A match is the longest common part of a secret and a text.
type match struct{ secret, offset, length int }

// find returns the matches in b. Windows that are consecutive in both the secret and b are one
// match.
func (x index) find(b []byte) []match {
	var found []match
	next := place{secret: -1}
	for i := 0; i+Window <= len(b); i++ {
		at, ok := x[[Window]byte(b[i:i+Window])]
		switch {
		case !ok:
			next = place{secret: -1}
			continue
		case at == next:
			found[len(found)-1].length++
		default:
			found = append(found, match{secret: at.secret, offset: i, length: Window})
		}
		next = place{at.secret, at.offset + 1}
	}
	return found
}
