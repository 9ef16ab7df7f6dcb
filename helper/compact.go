package helper

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// compactV1 is the first byte of a compact item. The plain form begins with a brace, so the first byte distinguishes
// them.
const compactV1 = 0x01

// maxCompact limits the decompressed size of a compact item in bytes.
const maxCompact = 1 << 20

var errCompact = errors.New("its compact form is damaged")

// EncodeCompact returns the credential as an item for a Store that cannot hold the plain form. Tokens are usually
// base64url, which DEFLATE alone compresses little: their segments are decoded first, then everything is compressed.
//
// The item is the version byte and a DEFLATE stream, with a preset dictionary, of three length-prefixed parts: the JSON
// form without the tokens, the access token and the refresh token. If the parts exceed 1 MiB the error is ErrTooLarge.
func EncodeCompact(c Credential) ([]byte, error) {
	if err := checkEncodable(c); err != nil {
		return nil, err
	}
	it := toItem(c)
	tokens := []string{it.AccessToken, it.RefreshToken}
	it.AccessToken, it.RefreshToken = "", ""
	head, err := json.Marshal(it)
	if err != nil {
		return nil, fmt.Errorf("encode the credential: %w", err)
	}
	body := appendBytes(nil, head)
	for _, token := range tokens {
		body = appendBytes(body, packToken(token))
	}
	if len(body) > maxCompact {
		return nil, fmt.Errorf("encode the credential: it is %w", ErrTooLarge)
	}
	return compress(body)
}

func compress(body []byte) ([]byte, error) {
	out := bytes.NewBuffer([]byte{compactV1})
	w, err := flate.NewWriterDict(out, flate.BestCompression, []byte(dictionary))
	if err != nil {
		return nil, fmt.Errorf("compress the credential: %w", err)
	}
	if _, err := w.Write(body); err != nil {
		return nil, fmt.Errorf("compress the credential: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress the credential: %w", err)
	}
	return out.Bytes(), nil
}

func decodeCompact(b []byte) (item, error) {
	in := bytes.NewReader(b)
	body, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(in, []byte(dictionary)), maxCompact+1))
	if err != nil || len(body) > maxCompact || in.Len() != 0 {
		return item{}, errCompact
	}
	var parts [3][]byte
	for i := range parts {
		if parts[i], body, err = cutBytes(body); err != nil {
			return item{}, err
		}
	}
	if len(body) != 0 {
		return item{}, errCompact
	}
	it, err := decodeJSON(parts[0])
	if err != nil {
		return item{}, err
	}
	if it.AccessToken, err = unpackToken(parts[1]); err != nil {
		return item{}, err
	}
	it.RefreshToken, err = unpackToken(parts[2])
	return it, err
}

const (
	segmentText    = 0
	segmentDecoded = 1
)

// packToken writes each dot-separated segment, with a byte that says whether it was base64url-decoded. A segment is
// decoded only if encoding it again gives the same text.
func packToken(token string) []byte {
	var out []byte
	for segment := range strings.SplitSeq(token, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(segment)
		if err == nil && base64.RawURLEncoding.EncodeToString(raw) == segment {
			out = appendBytes(append(out, segmentDecoded), raw)
			continue
		}
		out = appendBytes(append(out, segmentText), []byte(segment))
	}
	return out
}

func unpackToken(b []byte) (string, error) {
	var segments []string
	for len(b) > 0 {
		kind := b[0]
		raw, rest, err := cutBytes(b[1:])
		switch {
		case err != nil:
			return "", err
		case kind == segmentDecoded:
			segments = append(segments, base64.RawURLEncoding.EncodeToString(raw))
		case kind == segmentText:
			segments = append(segments, string(raw))
		default:
			return "", errCompact
		}
		b = rest
	}
	return strings.Join(segments, "."), nil
}

func appendBytes(out, b []byte) []byte {
	return append(binary.AppendUvarint(out, uint64(len(b))), b...)
}

func cutBytes(b []byte) (head, rest []byte, err error) {
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return nil, nil, errCompact
	}
	end := width + int(n)
	return b[width:end], b[end:], nil
}
