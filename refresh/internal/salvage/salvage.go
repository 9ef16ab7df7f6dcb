// Package salvage reads what it can of an HTTP answer that must not be lost,
// however wrong its frame, compression or character set is.
//
// The answer to a refresh brings the only refresh token that is still good. A
// strict reader throws it away with a chunk that is missing at its end.
package salvage

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// An Answer is one HTTP answer, taken apart. Its slices are parts of what was
// parsed, or copies.
type Answer struct {
	// Status is 0 if there is no status line, as of HTTP/0.9.
	Status int
	Header http.Header
	// Body is the content as the header frames it: without chunks, and no longer
	// than Content-Length. It may still be compressed.
	Body []byte
	// Whole: the frame says that all of the body is there.
	Whole bool
	// UntilClose: the body has no length; the end of the connection is its end.
	UntilClose bool

	raw  []byte
	rest []byte // all that follows the header
}

// Parse takes the bytes of an answer apart, from the first that arrived to the
// last that has arrived so far. Interim answers (RFC 9110 section 15.2) are
// skipped. It never fails: what has no header is all body.
func Parse(raw []byte) Answer {
	rest := raw
	for {
		a := parseOne(rest)
		if a.Status < 100 || a.Status > 199 || a.Status == http.StatusSwitchingProtocols || a.rest == nil {
			a.raw = raw
			return a
		}
		rest = a.rest
	}
}

func parseOne(raw []byte) Answer {
	head := bytes.TrimLeft(raw, " \t\r\n")
	if len(head) < len("HTTP/") && strings.HasPrefix("HTTP/", strings.ToUpper(string(head))) {
		return Answer{} // it may become a status line
	}
	if len(head) < len("HTTP/") || !strings.EqualFold(string(head[:len("HTTP/")]), "HTTP/") {
		return Answer{Body: raw, rest: raw, UntilClose: true}
	}
	line, head, _ := bytes.Cut(head, []byte("\n"))
	a := Answer{Status: statusOf(string(line)), Header: http.Header{}}
	name := ""
	for {
		line, after, more := bytes.Cut(head, []byte("\n"))
		if !more {
			return a // the header has not ended
		}
		head = after
		text := strings.TrimRight(string(line), "\r")
		if text == "" {
			break
		}
		name = a.addLine(name, text)
	}
	a.rest = head
	a.frame()
	return a
}

// HasContent reports whether anything but blanks follows the header.
func (a Answer) HasContent() bool { return len(bytes.TrimSpace(a.rest)) > 0 }

// statusOf returns the second word of the status line as a number.
func statusOf(line string) int {
	words := strings.Fields(line)
	if len(words) < 2 {
		return 0
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || status < 100 || status > 999 {
		return 0
	}
	return status
}

// addLine adds one line of the header, and returns its name. A line that begins
// with a blank goes on with the line before it, whose name is given.
func (a *Answer) addLine(before, line string) string {
	if before != "" && (line[0] == ' ' || line[0] == '\t') {
		values := a.Header[before]
		values[len(values)-1] += " " + strings.TrimSpace(line)
		return before
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return before
	}
	name = http.CanonicalHeaderKey(strings.TrimSpace(name))
	a.Header[name] = append(a.Header[name], strings.TrimSpace(value))
	return name
}

// frame cuts the body out of what follows the header (RFC 9112 section 6.3).
func (a *Answer) frame() {
	length, err := strconv.ParseInt(a.Header.Get("Content-Length"), 10, 64)
	switch {
	case strings.Contains(strings.ToLower(strings.Join(a.Header["Transfer-Encoding"], ",")), "chunked"):
		a.Body, a.Whole = dechunk(a.rest)
	case a.Status == http.StatusNoContent || a.Status == http.StatusNotModified:
		a.Whole = true
	case err == nil && length >= 0:
		a.Whole = int64(len(a.rest)) >= length
		a.Body = a.rest[:min(length, int64(len(a.rest)))]
	default:
		a.Body, a.UntilClose = a.rest, true
	}
}

// dechunk returns the content of the chunks, up to the first that is broken, and
// whether the last one was there.
func dechunk(b []byte) (content []byte, whole bool) {
	framed := io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bytes.NewReader(b))
	resp, err := http.ReadResponse(bufio.NewReader(framed), nil)
	if err != nil {
		return nil, false
	}
	content, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it is in memory
	return content, err == nil
}
