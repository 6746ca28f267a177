package mail

import (
	"bytes"
	"strings"
)

// part is a part of a message: a leaf with a body, or a multipart with parts in it.
type part struct {
	header      header
	kind        media // Content-Type; text/plain where there is none
	disposition media
	parts       []*part
	body        []byte // of a leaf, as transferred
}

// newPart makes a part of its header.
func newPart(h header) *part {
	p := &part{header: h, kind: readMedia(h.get("content-type")), disposition: readMedia(h.get("content-disposition"))}
	if major, minor, ok := strings.Cut(p.kind.value, "/"); !ok || major == "" || minor == "" {
		p.kind.value = "text/plain"
		if major == "text" && strings.Contains(minor, "html") {
			p.kind.value = "text/html"
		}
	}
	return p
}

// multi tells that a part has parts.
func (p *part) multi() bool { return strings.HasPrefix(p.kind.value, "multipart/") }

// walker takes a message apart in one pass over its lines. A line that is the boundary of any multipart that is open
// ends all parts within that one, whether or not they ended themselves: so parts that never end do no harm, and
// every line is looked at once.
type walker struct {
	open  []frame
	depth map[string]int // boundary → its place in open
	leaf  *part          // what the lines belong to: a leaf, or a multipart before its first part
	start int            // where that begins
	parts int
}

// frame is a multipart that is open.
type frame struct {
	part     *part
	boundary string
	shadowed int // the place of another open multipart of the same boundary; -1 if there is none
}

// readParts returns the root of a message's parts.
func readParts(h header, body []byte) *part {
	root := newPart(h)
	w := walker{depth: map[string]int{}, leaf: root}
	w.enter(root)
	for at := 0; at < len(body); {
		line, rest := cutLine(body[at:])
		next := len(body) - len(rest)
		if d, closing, ok := w.boundary(line); ok {
			w.end(body[w.start:at])
			w.leave(d)
			if closing {
				w.leave(d - 1)
			} else if w.parts < maxParts {
				next = w.begin(body, next)
			}
			w.start = next
		}
		at = next
	}
	w.end(body[min(w.start, len(body)):])
	w.leave(-1)
	root.settle()
	return root
}

// enter opens a part that is a multipart.
func (w *walker) enter(p *part) {
	boundary := p.kind.params["boundary"]
	if boundary = strings.TrimRight(boundary, " \t"); !p.multi() || boundary == "" || len(w.open) >= maxDepth {
		return
	}
	shadowed, ok := w.depth[boundary]
	if !ok {
		shadowed = -1
	}
	w.open = append(w.open, frame{p, boundary, shadowed})
	w.depth[boundary] = len(w.open) - 1
}

// boundary tells which of the open multiparts a line is the boundary of, and whether it closes it.
func (w *walker) boundary(line []byte) (depth int, closing, ok bool) {
	if len(w.open) == 0 || len(line) < 3 || line[0] != '-' || line[1] != '-' {
		return 0, false, false
	}
	line = bytes.TrimRight(line[2:], " \t")
	if d, ok := w.depth[string(line)]; ok {
		return d, false, true
	}
	line, closing = bytes.CutSuffix(line, []byte("--"))
	if !closing {
		return 0, false, false
	}
	d, ok := w.depth[string(line)]
	return d, true, ok
}

// begin reads the header of the part that begins at an offset, puts it into the innermost open multipart and returns
// where its body begins.
func (w *walker) begin(body []byte, at int) int {
	w.parts++
	h, rest := readHeader(body[at:], func(line []byte) bool { _, _, ok := w.boundary(line); return ok })
	p, parent := newPart(h), w.open[len(w.open)-1].part
	if parent.kind.value == "multipart/digest" && !h.has("content-type") {
		p.kind.value = "message/rfc822"
	}
	parent.parts = append(parent.parts, p)
	w.leaf = p
	w.enter(p)
	return len(body) - len(rest)
}

// end gives the lines since the last boundary to whom they belong. What stands before a multipart's first part counts
// only if it has none, and what stands behind its last belongs to nobody.
func (w *walker) end(lines []byte) {
	if w.leaf != nil {
		w.leaf.body = bytes.TrimSuffix(bytes.TrimSuffix(lines, []byte("\n")), []byte("\r"))
	}
	w.leaf = nil
}

// leave closes all multiparts deeper than depth.
func (w *walker) leave(depth int) {
	for len(w.open) > depth+1 {
		f := w.open[len(w.open)-1]
		if f.shadowed >= 0 {
			w.depth[f.boundary] = f.shadowed
		} else {
			delete(w.depth, f.boundary)
		}
		w.open = w.open[:len(w.open)-1]
	}
}

// settle makes text of multiparts in which no part was found.
func (p *part) settle() {
	if p.multi() && len(p.parts) == 0 {
		p.kind.value = "text/plain"
	}
	for _, q := range p.parts {
		q.settle()
	}
}

// content returns a leaf's body with the transfer encoding undone.
func (p *part) content() []byte { return transfer(p.body, p.header.get("content-transfer-encoding")) }

// attached tells that a leaf is a file, whatever it is of.
func (p *part) attached() bool {
	return p.disposition.value == "attachment" || p.disposition.params["filename"] != "" || p.kind.params["name"] != ""
}

// readable tells that a leaf is something to read.
func (p *part) readable() bool {
	return (p.kind.value == "text/plain" || p.kind.value == "text/html" || p.kind.value == "text/enriched") && !p.attached()
}

// quiet are kinds of parts that no person attached: signatures, and what reports are made of.
var quiet = map[string]bool{
	"application/pgp-signature": true, "application/pkcs7-signature": true, "application/x-pkcs7-signature": true,
	"message/delivery-status": true, "message/global-delivery-status": true, "message/disposition-notification": true,
	"message/feedback-report": true, "text/rfc822-headers": true, "message/global-headers": true,
}

// attachments counts what is attached: every leaf that is neither text to read, nor a signature or part of a report, nor a
// picture that the text shows (a part of multipart/related with a Content-ID).
func (p *part) attachments() int {
	if !p.multi() {
		if p.readable() || quiet[p.kind.value] {
			return 0
		}
		return 1
	}
	n := 0
	for _, q := range p.parts {
		shown := p.kind.value == "multipart/related" && q.header.has("content-id") && q.disposition.value != "attachment"
		returned := p.kind.value == "multipart/report" && strings.HasPrefix(q.kind.value, "message/")
		if !shown && !returned || q.multi() {
			n += q.attachments()
		}
	}
	return n
}

// find returns the first part of a kind.
func (p *part) find(kind string) *part {
	if p.kind.value == kind {
		return p
	}
	for _, q := range p.parts {
		if found := q.find(kind); found != nil {
			return found
		}
	}
	return nil
}

// certified returns the message that Italian certified mail carries, if this is one: the provider wraps what was sent,
// and its own From is the provider's.
func (p *part) certified() []byte {
	if !strings.EqualFold(strings.TrimSpace(p.header.get("x-trasporto")), "posta-certificata") {
		return nil
	}
	if inner := p.find("message/rfc822"); inner != nil {
		return inner.content()
	}
	return nil
}
