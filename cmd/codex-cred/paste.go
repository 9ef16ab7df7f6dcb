package main

import (
	"bufio"
	"context"
	"io"
	"time"
)

const (
	// maxPaste is the largest length of a pasted line, in bytes.
	maxPaste = 16 << 10
	// pasteTime is the longest pause between two lines of one paste. A terminal delivers the lines of
	// a paste at once; typing is slower.
	pasteTime = 100 * time.Millisecond
)

// pastes returns a function that returns the next pasted text. It joins lines that arrive together,
// because mail programs and terminals break long addresses.
func (p *program) pastes() func(context.Context) (string, error) {
	lines := make(chan string)
	ended := make(chan error, 1)
	begun := false
	return func(ctx context.Context) (string, error) {
		if !begun {
			begun = true
			go func() { ended <- readLines(p.In, lines) }()
		}
		return collect(ctx, lines, ended)
	}
}

// readLines sends each line of the input, cut at maxPaste, until the input ends.
func readLines(r io.Reader, lines chan<- string) error {
	in := bufio.NewReaderSize(r, maxPaste)
	for {
		line, rest, err := in.ReadLine()
		if err != nil {
			return io.EOF // any read error ends the input
		}
		lines <- string(line)
		for rest && err == nil {
			_, rest, err = in.ReadLine()
		}
	}
}

// collect returns the next lines that arrive together, without line feeds.
func collect(ctx context.Context, lines <-chan string, ended chan error) (string, error) {
	text, begun := "", false
	var silence <-chan time.Time
	for {
		select {
		case line := <-lines:
			text, begun = text+line, true
			silence = time.After(pasteTime)
			if len(text) > maxPaste {
				return text, nil
			}
		case <-silence:
			return text, nil
		case err := <-ended:
			ended <- err // for the next call
			if begun {
				return text, nil
			}
			return "", err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
