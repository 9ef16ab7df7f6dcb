package leakscan

// A radix is an encoding of bytes as digits.
type radix struct {
	name string
	bits int // of one digit
	// phases is the number of positions at which the first byte can begin: digits and bytes begin
	// together every phases digits.
	phases int
	value  [256]int8 // of each character; negative for other characters
}

// radixes returns hexadecimal in either case, and base64 and base64url as one:
// they differ in the characters of two digits.
func radixes() []*radix {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return []*radix{
		newRadix("hexadecimal", 4, 2, "0123456789abcdef", "0123456789ABCDEF"),
		newRadix("base64", 6, 4, letters+"+/", letters+"-_"),
	}
}

func newRadix(name string, bits, phases int, alphabets ...string) *radix {
	r := &radix{name: name, bits: bits, phases: phases}
	for c := range r.value {
		r.value[c] = -1
	}
	for _, alphabet := range alphabets {
		for digit := range len(alphabet) {
			r.value[alphabet[digit]] = int8(digit)
		}
	}
	return r
}

// A run is a sequence of digits.
type run struct {
	offset int
	text   []byte
}

// runs returns the runs in b that are long enough for a window.
func (r *radix) runs(b []byte) []run {
	var runs []run
	start := 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && r.value[b[i]] >= 0 {
			continue
		}
		if (i-start)*r.bits >= Window*8 {
			runs = append(runs, run{offset: start, text: b[start:i]})
		}
		start = i + 1
	}
	return runs
}

// decode returns the whole bytes in the digits.
func (r *radix) decode(digits []byte) []byte {
	out := make([]byte, 0, len(digits)*r.bits/8)
	var pending uint
	have := 0
	for _, c := range digits {
		pending = pending<<r.bits | uint(r.value[c])
		if have += r.bits; have >= 8 {
			have -= 8
			out = append(out, byte(pending>>have))
		}
	}
	return out
}
