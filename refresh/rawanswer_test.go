package refresh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// newRawReader returns a rawReader of the texts, on a connection that stays open.
func newRawReader(texts ...string) rawReader {
	all := make(chan piece, len(texts))
	for _, text := range texts {
		all <- piece{[]byte(text), nil}
	}
	return rawReader{answer: &answer{sent: true}, pieces: all}
}

const wholeTokens = `{"access_token":"a","token_type":"Bearer","refresh_token":"r"}`

// TestReading_ArrivedBeatsTheLimit checks that data that has arrived is read even if the timeout has passed, as after
// the process was stopped.
func TestReading_ArrivedBeatsTheLimit(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // select chooses by chance
		r := newRawReader("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", wholeTokens[:20], wholeTokens[20:])
		if err := r.readAll(over); err != nil {
			t.Fatalf("error %v, want the answer", err)
		}
		if g, err := r.grant(ProfileOAuth); err != nil || g.refresh.Reveal() != "r" {
			t.Fatalf("the answer %q brings %v", r.raw, err)
		}
	}
}

// TestReading_Limit checks that an answer without tokens is read until the timeout, and kept.
func TestReading_Limit(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRawReader("HTTP/1.1 200 OK\r\n\r\n", `{"access_tok`)
	if err := r.readAll(over); !errors.Is(err, context.Canceled) || !strings.HasSuffix(string(r.raw), `{"access_tok`) {
		t.Errorf("error %v after %q", err, r.raw)
	}
	if got := judge(*r.answer, errors.New("cut")); got != unreadable {
		t.Errorf("outcome %d, want unreadable", got)
	}
}

// TestReading_Enough checks when reading stops on a connection that stays open.
func TestReading_Enough(t *testing.T) {
	const refusal, open, chunked = `{"error":"invalid_grant"}`, "HTTP/1.1 400 -\r\n\r\n",
		"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct {
		name string
		text string
		want outcome
	}{
		{
			"an error of its length", fmt.Sprintf("HTTP/1.1 400 -\r\nContent-Length: %d\r\n\r\n%s", len(refusal), refusal),
			refused,
		},
		{"an error without a length", open + refusal, refused},
		{"a page without a meaning, of its length", "HTTP/1.1 502 -\r\nContent-Length: 6\r\n\r\n<html>", unknown},
		{"tokens without a length", "HTTP/1.1 200 -\r\n\r\n" + wholeTokens, success},
		{"tokens without a header", wholeTokens, success},
		{"tokens without the last chunk", chunked + fmt.Sprintf("%x\r\n%s\r\n", len(wholeTokens), wholeTokens), success},
		{
			"an access token alone, without a length", "HTTP/1.1 200 -\r\n\r\n" + `{"access_token":"a","token_type":"Bearer"}`,
			success,
		},
		{"interim answers first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 -\r\n\r\n" + wholeTokens, success},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRawReader(c.text)
			if err := r.readAll(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, parsed := r.grant(ProfileOAuth)
			if got := judge(*r.answer, parsed); got != c.want {
				t.Errorf("outcome %d, want %d", got, c.want)
			}
		})
	}
}

// TestReading_Closed checks the meaning of the end of the connection.
func TestReading_Closed(t *testing.T) {
	for _, c := range []struct {
		name, text string
		err        error
		want       outcome
	}{
		{"half a refusal", "HTTP/1.1 400 -\r\nContent-Length: 50\r\n\r\n{\"error\":\"invalid_grant\"}", io.EOF, unknown},
		{"a refusal that ends with the connection", "HTTP/1.1 400 -\r\n\r\n{\"error\":\"invalid_grant\"}", io.EOF, refused},
		{
			"a refusal after which the connection fails", "HTTP/1.1 400 -\r\n\r\n{\"error\":\"invalid_grant\" ",
			errors.New("reset"), unknown,
		},
		{"nothing", "", io.EOF, unknown},
		{"half a status line", "HTT", io.EOF, unknown},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Len", io.EOF, unknown},
		{"half the tokens", "HTTP/1.1 200 OK\r\n\r\n" + wholeTokens[:20], io.EOF, unreadable},
		{
			"tokens that break off behind the last", "HTTP/1.1 200 OK\r\n\r\n" + strings.TrimSuffix(wholeTokens, "}"), io.EOF,
			success,
		},
		{"tokens in a failed connection", "HTTP/1.1 200 OK\r\n\r\n" + wholeTokens, errors.New("reset"), success},
	} {
		r := newRawReader()
		all := make(chan piece, 1)
		all <- piece{[]byte(c.text), c.err}
		r.pieces = all
		if err := r.readAll(t.Context()); err != nil {
			r.err = err
		}
		_, parsed := r.grant(ProfileOAuth)
		if got := judge(*r.answer, parsed); got != c.want {
			t.Errorf("%s: outcome %d, want %d", c.name, got, c.want)
		}
	}
}

// TestReading_Bound checks that reading stops at the limit, and that the data up to there is kept.
func TestReading_Bound(t *testing.T) {
	r := newRawReader("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat(" ", maxRaw))
	if err := r.readAll(t.Context()); !errors.Is(err, errTooLarge) || len(r.raw) != maxRaw {
		t.Errorf("error %v after %d bytes, want %d", err, len(r.raw), maxRaw)
	}
	r = newRawReader("HTTP/1.1 200 OK\r\n\r\n"+wholeTokens[:len(wholeTokens)-1]+`,"x":"`, strings.Repeat(" ", maxRaw))
	_ = r.readAll(t.Context())
	if g, err := r.grant(ProfileOAuth); err != nil || g.refresh.Reveal() != "r" {
		t.Errorf("tokens within the bound: %v", err)
	}
}
