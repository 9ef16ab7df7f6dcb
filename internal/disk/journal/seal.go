package journal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	magic      = "ccanswer"
	prefixSize = len(magic) + 4
	// sealSize is what sealing adds: the nonce and the tag.
	sealSize = 12 + 16
	// KeySize of the key that seals answers, in bytes.
	KeySize = 32

	// maxAnswer in bytes: the longest answer that is read, some 4 MiB, which a frame
	// of JSON and base64 lengthens by more than a third.
	maxAnswer = 8 << 20
)

// A seal closes and opens answers. It may be used concurrently.
type seal struct{ aead cipher.AEAD }

// newSeal returns the seal of the key; without a key one that opens nothing.
func newSeal(key []byte) (seal, error) {
	if key == nil {
		return seal{}, nil
	}
	if len(key) != KeySize {
		return seal{}, fmt.Errorf("the key of the journal is %w: it has %d bytes", helper.ErrInvalid, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, fmt.Errorf("the key of the journal: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return seal{}, fmt.Errorf("the key of the journal: %w", err)
	}
	return seal{aead}, nil
}

// close returns the bytes of the answer in the file, with a nonce of its own.
func (s seal) close(m Mark, answer []byte) []byte {
	out := make([]byte, 0, prefixSize+sealSize+len(answer))
	out = append(out, magic...)
	out = binary.BigEndian.AppendUint32(out, uint32(sealSize+len(answer)))
	return s.aead.Seal(out, nil, answer, context(m)) //nolint:gosec // G407: this AEAD draws the nonce itself and takes none
}

// open returns the answer that the bytes begin with, or nil if there is none
// that is whole, of this mark and of this key. An empty answer is not nil.
func (s seal) open(m Mark, b []byte) []byte {
	if s.aead == nil || len(b) < prefixSize || string(b[:len(magic)]) != magic {
		return nil
	}
	length := uint64(binary.BigEndian.Uint32(b[len(magic):]))
	b = b[prefixSize:]
	if length > uint64(len(b)) {
		return nil
	}
	answer, err := s.aead.Open(make([]byte, 0, length), nil, b[:length], context(m))
	if err != nil {
		return nil
	}
	return answer
}

// context is what an answer is bound to.
func context(m Mark) []byte {
	return fmt.Appendf(nil, "codex-cred journal %d\n%s\n%d\n%s\n", markVersion, m.ID, m.Generation, m.Attempt)
}
