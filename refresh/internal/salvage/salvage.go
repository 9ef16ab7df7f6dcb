// Package salvage recovers the tokens from an HTTP response that must not be lost, however wrong its framing,
// compression or character set is.
//
// The response to a refresh contains the only valid refresh token. A strict parser would discard it because of, say, a
// missing last chunk.
package salvage

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// An Answer is a parsed HTTP response. Its slices alias the parsed bytes, or are copies.
type Answer struct {
	// Status is 0 if there is no status line, as in HTTP/0.9.
	Status int
	Header http.Header
	// Body is the content according to the header: without chunked encoding, and no longer than Content-Length. It may
	// still be compressed.
	Body []byte
	// Whole: according to the framing, the body is complete.
	Whole bool
	// UntilClose: the body has no length and ends with the connection.
	UntilClose bool

	raw  []byte
	rest []byte // everything after the header
}

// Parse parses the bytes received so far. Interim responses (RFC 9110 section 15.2) are skipped. It never fails: bytes
// without a header are the body.
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
		return Answer{} // may be the start of a status line
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
			return a // the header is incomplete
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

// HasContent reports whether anything but white space follows the header.
func (a Answer) HasContent() bool { return len(bytes.TrimSpace(a.rest)) > 0 }

// statusOf returns the status code in the status line.
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

// addLine adds one header line and returns its name. A line that begins with white space continues the previous line,
// whose name is before.
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

// frame separates the body from the bytes after the header (RFC 9112 section 6.3).
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

// dechunk returns the content of the chunks up to the first invalid one, and whether the last chunk was found.
func dechunk(b []byte) (content []byte, whole bool) {
	framed := io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
		bytes.NewReader(b))
	resp, err := http.ReadResponse(bufio.NewReader(framed), nil)
	if err != nil {
		return nil, false
	}
	content, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it is in memory
	return content, err == nil
}
