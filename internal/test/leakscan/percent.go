package leakscan

// An unescaped is a text after percent-decoding (RFC 3986, section 2.1).
type unescaped struct {
	text []byte
	// from maps each byte of the text, and its end, to the position in the encoded text.
	from []int
}

// unescape decodes each percent sign with two digits of either case. Everything else stays.
func unescape(b []byte) unescaped {
	u := unescaped{text: make([]byte, 0, len(b)), from: make([]int, 0, len(b)+1)}
	digits := radixes()[0]
	for i := 0; i < len(b); i++ {
		u.from = append(u.from, i)
		if b[i] == '%' && i+2 < len(b) && digits.value[b[i+1]] >= 0 && digits.value[b[i+2]] >= 0 {
			u.text = append(u.text, digits.decode(b[i+1:i+3])...)
			i += 2
			continue
		}
		u.text = append(u.text, b[i])
	}
	u.from = append(u.from, len(b))
	return u
}
