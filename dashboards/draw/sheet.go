// Package draw lays a table out on one printed page and writes it as SVG, PDF, PNG or HTML. It knows nothing of journeys:
// words and numbers come as they are to be read. The same sheet gives the same bytes.
package draw

// Sheet is one page: a heading, a table with a head at each row's left, a legend and a foot.
type Sheet struct {
	Lang    string   // of the words, like "it"
	Title   string   // of the document
	Heading string   // in large letters
	Lines   [][]Run  // below the heading
	Columns int      // of each row
	Rows    []Row    // from top to bottom
	Legend  []Swatch // what signs and colours mean
	Foot    []string // small print
	More    string   // what stands for the rest of a list that was cut, with one %d
}

// Row is a row of the table. A curve is drawn above its cells, across all columns.
type Row struct {
	Head  string
	Fill  Colour
	Curve *Curve
	Cells [][]Block
}

// Block is a part of a cell, below the one before: words, a list of facts, a bar, or a list. Exactly one is set.
type Block struct {
	Tight bool // close to the block before

	Words []Run
	Frame Frame // around Words
	Mark  Colour

	Facts []Fact
	Bar   []Part
	List  *List
}

// Frame is how words stand out.
type Frame int

// The frames there are.
const (
	Plain Frame = iota
	Quote       // with a stroke of colour Mark at the left; shortened where room is scarce
	Note        // on a ground of colour Mark; shortened likewise
)

// Run is words that look the same. A space stands between runs unless one is there already.
type Run struct {
	Text  string
	Style Style
	Ink   Colour
}

// Style is how words are written.
type Style int

// The styles there are.
const (
	Body  Style = iota
	Bold        // of the same size
	Small       // a bit smaller
	Title       // of a column
	Big         // the number that matters most
	Badge       // in a frame with round ends, which is never broken
	Star        // a star; its text is read out only
	Break       // no words: what follows begins a line
)

// Fact is a name and its value, on one line where there is room. Mark colours a small square before it.
type Fact struct {
	Name  string
	Value []Run
	Mark  Colour
}

// Part is a piece of a bar, Share of its width; Label is read out only.
type Part struct {
	Share float64
	Fill  Colour
	Label string
}

// List is blocks of which some may be left out at the end. More are left out already.
type List struct {
	Items [][]Block
	More  int
}

// Swatch is an entry of the legend: a sign and its meaning.
type Swatch struct {
	Sign Sign
	Ink  Colour
	Text string
}

// Sign is a sign of the legend.
type Sign int

// The signs there are.
const (
	Square Sign = iota
	StarSign
	Dot     // a full point of the curve
	Ring    // an empty one
	Whisker // an interval
)

// Curve is a value for each column, with its interval.
type Curve struct {
	Label    string // read out only
	Min, Max float64
	Ticks    []Tick
	Points   []Point
}

// Tick is a labelled value of a curve's axis.
type Tick struct {
	At    float64
	Label string
}

// Point is a column's place on a curve; without Value there is none. A Hollow one is uncertain.
type Point struct {
	Value, Low, High *float64
	Label            string
	Hollow           bool
}

// Colour is written as in CSS: "#1d2733". Empty is the ink's own, or none.
type Colour string

// Colours of the sheet itself. They are those of the pages' style sheet, as a test holds.
const (
	Ink    Colour = "#1d2733"
	Soft   Colour = "#5b6875"
	Line   Colour = "#d9dfe5"
	Paper  Colour = "#ffffff"
	Accent Colour = "#0b6e78"
	Head   Colour = "#eef2f5"
	HeadOn Colour = "#42505d"
)

// Page is a size of paper, lying on its side.
type Page struct {
	Name          string // as CSS calls it
	Width, Height float64
	margin        float64
}

// Pages are the sizes there are, by the name that users give; measures are millimetres.
var Pages = map[string]Page{
	"a3": {"A3", 420, 297, 9},
	"a4": {"A4", 297, 210, 7},
}
