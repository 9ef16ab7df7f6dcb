package authserver

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Kinds of faults of an answer's frame: the request is processed, tokens are issued, and all of
// them are in the answer, but a strict reader of HTTP or JSON does not find them. Those marked
// "open" leave the connection open until the client closes it.
const (
	FrameChunkMissing  = "frame-chunk-missing"   // chunks without the last one
	FrameChunkOpen     = "frame-chunk-open"      // the same, open
	FrameChunkSize     = "frame-chunk-size"      // a chunk that claims to be longer
	FrameNotChunked    = "frame-not-chunked"     // a header that claims chunks
	FrameCoding        = "frame-coding"          // an unknown transfer coding
	FrameLong          = "frame-length-large"    // a Content-Length that is too large
	FrameLongOpen      = "frame-length-open"     // the same, open
	FrameShort         = "frame-length-small"    // a Content-Length that is too small
	FrameNone          = "frame-length-zero"     // a Content-Length of 0
	FrameOpen          = "frame-no-length-open"  // no length, open
	FrameLF            = "frame-line-feeds"      // lines without a carriage return, and odd names
	FrameNoHeader      = "frame-http09"          // no status line and no header
	FrameNoHeaderOpen  = "frame-http09-open"     // the same, open
	FrameHeader        = "frame-header-large"    // a header of more than 64 KiB
	FrameInterim       = "frame-interim"         // three interim answers before it
	Frame201           = "frame-201"             // another status
	Frame202           = "frame-202"             // another status
	Frame203           = "frame-203"             // another status
	Frame206           = "frame-206"             // another status
	Frame500           = "frame-500"             // another status
	FrameGzip          = "frame-gzip"            // compressed, and said so
	FrameGzipBare      = "frame-gzip-bare"       // compressed, and not said
	FrameGzipCut       = "frame-gzip-cut"        // compressed, without the checksum
	FrameZlib          = "frame-deflate"         // compressed with zlib
	FrameBOM           = "frame-bom"             // a byte order mark before it
	FrameBOMs          = "frame-boms"            // two of them
	FrameUTF16LE       = "frame-utf16le"         // another encoding
	FrameUTF16BE       = "frame-utf16be"         // another encoding
	FrameUTF16Mark     = "frame-utf16-mark"      // the same with a byte order mark
	FrameBlanks        = "frame-blanks"          // blanks and zero bytes around it
	FrameComment       = "frame-comment"         // comments around it
	FramePrefix        = "frame-prefix"          // the prefix against inclusion in a script
	FrameTrailer       = "frame-trailing"        // garbage behind it
	FrameCallback      = "frame-callback"        // a call of a function around it
	FrameLatin1        = "frame-latin1"          // another member that is no UTF-8
	FrameHTML          = "frame-content-type"    // a wrong type and a wrong charset
	FrameTwice         = "frame-twice"           // each token twice, the second time empty
	FrameTypeless      = "frame-no-token-type"   // no token_type
	FrameBearerToken   = "frame-bearer-token"    // token_type is "BearerToken"
	FrameDPoP          = "frame-dpop"            // token_type is "DPoP"
	FrameSpacedTokens  = "frame-token-blanks"    // blanks around the tokens
	FrameControlTokens = "frame-token-controls"  // control characters around the tokens
	FrameHuge          = "frame-3mib"            // a body of 3 MiB
	FrameHugeOpen      = "frame-3mib-open"       // the same without a length, open
	FrameBeyond        = "frame-5mib-of-garbage" // 5 MiB behind it
)

// Frames returns every kind of fault of an answer's frame, in order.
func Frames() []string {
	return slices.DeleteFunc(Kinds(), func(kind string) bool { return !strings.HasPrefix(kind, "frame-") })
}

// A wire is the exact bytes of a reply.
type wire struct {
	text func(r reply) []byte
	open bool // afterwards the client must close the connection
}

// deliver writes the reply to the raw connection.
func (w wire) deliver(rw http.ResponseWriter, r reply, closing <-chan struct{}) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write(w.text(r))
	if !w.open {
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn)
	}()
	select {
	case <-gone:
	case <-closing:
	}
}

// head returns the status line and the header, with more lines, each with its end.
func head(status int, lines ...string) string {
	const common = "Content-Type: application/json\r\nCache-Control: no-store\r\n"
	return fmt.Sprintf("HTTP/1.1 %d %s\r\n%s%s\r\n", status, http.StatusText(status), common, strings.Join(lines, ""))
}

func sized(b []byte) string { return "Content-Length: " + strconv.Itoa(len(b)) + "\r\n" }

const chunkedLine = "Transfer-Encoding: chunked\r\n"

// frameKinds are the faults of frames.
func frameKinds() map[string]kind {
	table := map[string]kind{}
	add := func(name string, w wire) {
		table[name] = kind{after: true, grants: []string{GrantRefresh}, spoil: func(_ *Server, r reply) reply {
			if r.members != nil && r.status == http.StatusOK {
				r.wire = &w
			}
			return r
		}}
	}
	for name, w := range lengthWires() {
		add(name, w)
	}
	for name, w := range headWires() {
		add(name, w)
	}
	for name, change := range bodyChanges() {
		add(name, wire{text: func(r reply) []byte {
			b := change(r.body)
			return append([]byte(head(r.status, sized(b))), b...)
		}})
	}
	for name, edit := range memberEdits() {
		table[name] = kind{after: true, grants: []string{GrantRefresh}, spoil: func(_ *Server, r reply) reply {
			if r.members != nil && r.members["access_token"] != nil {
				edit(r.members)
			}
			return r
		}}
	}
	return table
}

// framed writes lines of the header and the body.
func framed(lines func(body []byte) string, body func([]byte) []byte) func(reply) []byte {
	return func(r reply) []byte { return append([]byte(head(r.status, lines(r.body))), body(r.body)...) }
}

func lengthWires() map[string]wire {
	line := func(text string) func([]byte) string { return func([]byte) string { return text } }
	length := func(by int) func([]byte) string {
		return func(b []byte) string { return "Content-Length: " + strconv.Itoa(max(0, len(b)+by)) + "\r\n" }
	}
	same := func(b []byte) []byte { return b }
	// Chunks of 100 bytes, which claim to be longer by that much.
	chunks := func(more int) func([]byte) []byte {
		return func(b []byte) (out []byte) {
			for part := range slices.Chunk(b, 100) {
				out = fmt.Appendf(out, "%x\r\n%s\r\n", len(part)+more, part)
			}
			return out
		}
	}
	oneChunk := func(b []byte) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n0\r\n\r\n", len(b)+50, b) }
	huge := func(b []byte) []byte {
		return append(append([]byte(`{"padding":"`), bytes.Repeat([]byte("x"), 3<<20)...), append([]byte(`",`), b[1:]...)...)
	}
	return map[string]wire{
		FrameChunkMissing: {text: framed(line(chunkedLine), chunks(0))},
		FrameChunkOpen:    {text: framed(line(chunkedLine), chunks(0)), open: true},
		FrameChunkSize:    {text: framed(line(chunkedLine), oneChunk)},
		FrameNotChunked:   {text: framed(line(chunkedLine), same)},
		FrameCoding:       {text: framed(line("Transfer-Encoding: x-none, chunked\r\n"), chunks(0))},
		FrameLong:         {text: framed(length(500), same)},
		FrameLongOpen:     {text: framed(length(500), same), open: true},
		FrameShort:        {text: framed(length(-300), same)},
		FrameNone:         {text: framed(length(-1<<30), same)},
		FrameOpen:         {text: framed(line(""), same), open: true},
		FrameHuge:         {text: framed(func(b []byte) string { return sized(huge(b)) }, huge)},
		FrameHugeOpen:     {text: framed(line(""), huge), open: true},
		FrameBeyond:       {text: framed(line(""), func(b []byte) []byte { return append(b, bytes.Repeat([]byte("{"), 5<<20)...) })},
	}
}

func headWires() map[string]wire {
	with := func(status int, before string, lines ...string) wire {
		return wire{text: func(r reply) []byte {
			return slices.Concat([]byte(before+head(status, append(lines, sized(r.body))...)), r.body)
		}}
	}
	bare := func(r reply) []byte { return r.body }
	const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
	return map[string]wire{
		FrameNoHeader:     {text: bare},
		FrameNoHeaderOpen: {text: bare, open: true},
		FrameLF: {text: func(r reply) []byte {
			return append([]byte("\r\nhttp/1.1 200\ncontent-LENGTH : "+strconv.Itoa(len(r.body))+"\nno colon\n\n"), r.body...)
		}},
		FrameHeader:  with(http.StatusOK, "", "X-Trace: "+strings.Repeat("x", 300<<10)+"\r\n"),
		FrameInterim: with(http.StatusOK, interim),
		Frame201:     with(http.StatusCreated, ""),
		Frame202:     with(http.StatusAccepted, ""),
		Frame203:     with(http.StatusNonAuthoritativeInfo, ""),
		Frame206:     with(http.StatusPartialContent, ""),
		Frame500:     with(http.StatusInternalServerError, ""),
		FrameGzip:    {text: framed(func(b []byte) string { return "Content-Encoding: gzip\r\n" + sized(gzipped(b)) }, gzipped)},
		FrameHTML: {text: func(r reply) []byte {
			return append([]byte("HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-32\r\nContent-Encoding: br\r\n\r\n"), r.body...)
		}},
	}
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b) // to memory
	_ = w.Close()
	return out.Bytes()
}

func inUTF16(b []byte, order binary.AppendByteOrder) (out []byte) {
	for _, unit := range utf16.Encode([]rune(string(b))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func bodyChanges() map[string]func([]byte) []byte {
	around := func(before, after string) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(before + string(b) + after) }
	}
	return map[string]func([]byte) []byte{
		FrameGzipBare: gzipped,
		FrameGzipCut:  func(b []byte) []byte { z := gzipped(b); return z[:len(z)-8] },
		FrameZlib: func(b []byte) []byte {
			var out bytes.Buffer
			w := zlib.NewWriter(&out)
			_, _ = w.Write(b) // to memory
			_ = w.Close()
			return out.Bytes()
		},
		FrameBOM:       around("\ufeff", ""),
		FrameBOMs:      around("\ufeff\ufeff", "\ufeff"),
		FrameUTF16LE:   func(b []byte) []byte { return inUTF16(b, binary.LittleEndian) },
		FrameUTF16BE:   func(b []byte) []byte { return inUTF16(b, binary.BigEndian) },
		FrameUTF16Mark: func(b []byte) []byte { return inUTF16([]byte("\ufeff"+string(b)), binary.LittleEndian) },
		FrameBlanks:    around("\x00\v\u00a0 \r\n", "\x00\x00\x1a\n"),
		FrameComment:   around("/* {answer} */ // \"{\"\n", "\n// end }"),
		FramePrefix:    around(")]}',\n", ""),
		FrameTrailer:   around("", "\n<!-- 12 ms -->{}"),
		FrameCallback:  around("callback(", ");"),
		FrameLatin1:    func(b []byte) []byte { return append([]byte("{\"name\":\"Zo\xeb\x80\","), b[1:]...) },
		FrameTwice: func(b []byte) []byte {
			return append(b[:len(b)-1:len(b)-1], `,"refresh_token":"","access_token":null}`...)
		},
		// Not escaped as JSON requires.
		FrameControlTokens: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`_token":"`), []byte("_token\":\"\r\n\x01"))
		},
	}
}

func memberEdits() map[string]func(map[string]any) {
	kind := func(name string) func(map[string]any) { return func(m map[string]any) { m["token_type"] = name } }
	return map[string]func(map[string]any){
		FrameTypeless:    func(m map[string]any) { delete(m, "token_type") },
		FrameBearerToken: kind("BearerToken"),
		FrameDPoP:        kind("DPoP"),
		FrameSpacedTokens: func(m map[string]any) {
			for _, name := range []string{"access_token", "refresh_token"} {
				token, _ := m[name].(string)
				m[name] = " \t\u00a0" + token + "\n\x7f "
			}
		},
	}
}
