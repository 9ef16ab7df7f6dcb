package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper"
)

// ReadRequest reads a request up to the end of the input. A request of more than [MaxRequest] bytes, or with a NUL
// byte, is [ErrMalformed].
func ReadRequest(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxRequest+1))
	return checkRequest(b, err)
}

// ReadLines is like ReadRequest for a request that ends with an empty line: its caller may wait for the answer before
// it closes the input.
func ReadLines(r io.Reader) ([]byte, error) {
	lines := bufio.NewReader(io.LimitReader(r, MaxRequest+1))
	var b []byte
	for {
		line, err := lines.ReadBytes('\n')
		b = append(b, line...)
		if errors.Is(err, io.EOF) || err == nil && len(line) == 1 {
			return checkRequest(b, nil)
		}
		if err != nil {
			return checkRequest(nil, err)
		}
	}
}

func checkRequest(b []byte, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the request: %w", err)
	case len(b) > MaxRequest:
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrMalformed, MaxRequest)
	case bytes.IndexByte(b, 0) >= 0:
		return nil, fmt.Errorf("%w: it holds a NUL", ErrMalformed)
	}
	return b, nil
}

// RequestedHost parses the host that a request names. A host that could never be configured is [ErrUnconfigured]:
// asking for it is no mistake of the caller.
func RequestedHost(text string) (Host, error) {
	h, err := ParseHost(text)
	if errors.Is(err, helper.ErrInvalid) {
		return Host{}, ErrUnconfigured
	}
	return h, err
}
