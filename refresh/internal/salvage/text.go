package salvage

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"io"
	"unicode/utf16"
)

const (
	// maxText limits the decompressed size of a body in bytes.
	maxText = 4 << 20
	// maxLayers limits how many times a body may be compressed.
	maxLayers = 3
)

// Text returns the body as UTF-8, decompressed and without a byte order mark, if the result is JSON; otherwise
// unchanged.
func (a Answer) Text() []byte {
	for b := range unpacked(a.Body) {
		for text := range texts(b) {
			if text = trim(text); json.Valid(text) {
				return text
			}
		}
	}
	return a.Body
}

// bodies yields the possible bodies, the likeliest first: the body according to the header, everything after the
// header, the same without chunked encoding, and all bytes.
func (a Answer) bodies(yield func([]byte) bool) {
	if !yield(a.Body) {
		return
	}
	if len(a.rest) != len(a.Body) && !yield(a.rest) {
		return
	}
	if content, _ := dechunk(a.rest); len(content) > 0 && !yield(content) {
		return
	}
	if len(a.raw) != len(a.rest) {
		yield(a.raw)
	}
}

// unpacked yields the bytes, and each result of decompressing them, layer by layer. It ignores the header, which may be
// wrong.
func unpacked(b []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) { unpack(b, maxLayers, yield) }
}

func unpack(b []byte, layers int, yield func([]byte) bool) bool {
	if !yield(b) {
		return false
	}
	if layers == 0 {
		return true
	}
	for _, inflate := range []func([]byte) io.Reader{gunzip, unzlib, undeflate} {
		r := inflate(b)
		if r == nil {
			continue
		}
		// Data before an error is used: the checksum is at the end.
		inner, _ := io.ReadAll(io.LimitReader(r, maxText))
		if len(inner) > 1 && !unpack(inner, layers-1, yield) {
			return false
		}
	}
	return true
}

func gunzip(b []byte) io.Reader {
	at := bytes.Index(b, []byte{0x1f, 0x8b, 8})
	if at < 0 {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b[at:]))
	if err != nil {
		return nil
	}
	return r
}

func unzlib(b []byte) io.Reader {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return r
}

// undeflate decompresses a stream without a header. Text is not tried.
func undeflate(b []byte) io.Reader {
	if len(b) == 0 || bytes.IndexByte([]byte(" \t\r\n{[\"/)<"), b[0]) >= 0 {
		return nil
	}
	return flate.NewReader(bytes.NewReader(b))
}

// texts yields the bytes, and their decodings from UTF-16 and UTF-32 if they contain a zero byte.
func texts(b []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if !yield(b) || bytes.IndexByte(b, 0) < 0 {
			return
		}
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			if !yield(fromUTF16(b, order)) || !yield(fromUTF32(b, order)) {
				return
			}
		}
	}
}

func fromUTF16(b []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

func fromUTF32(b []byte, order binary.ByteOrder) []byte {
	runes := make([]rune, len(b)/4)
	for i := range runes {
		runes[i] = rune(order.Uint32(b[4*i:]))
	}
	return []byte(string(runes))
}

// trim removes white space, control characters and byte order marks from both ends.
func trim(text []byte) []byte {
	return bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' || r == '\ufeff' })
}

// plain replaces control characters, which JSON does not allow in strings, by spaces. It returns nil if there are none.
func plain(text []byte) []byte {
	control := func(r rune) bool { return r < ' ' }
	if bytes.IndexFunc(text, control) < 0 {
		return nil
	}
	return bytes.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, text)
}
