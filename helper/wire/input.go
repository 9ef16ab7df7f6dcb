package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper"
)

// ReadRequest reads a request to its end. One of more than [MaxRequest] bytes,
// or with a NUL in it, is [ErrMalformed].
func ReadRequest(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxRequest+1))
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

// RequestedHost reads the host that a request names. One that could never be
// configured is [ErrUnconfigured]: a caller that asks for it does nothing wrong.
func RequestedHost(text string) (Host, error) {
	h, err := ParseHost(text)
	if errors.Is(err, helper.ErrInvalid) {
		return Host{}, ErrUnconfigured
	}
	return h, err
}
