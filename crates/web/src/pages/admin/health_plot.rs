//! Bars as inline SVG, without script and style (strict CSP): over days, with the table that says the same to
//! who does not see them, or in the lines of a table where each has a name. Coordinates are whole numbers; nothing is hidden in a
//! colour.

/// Height of the field of bars, in units of the picture.
const HEIGHT: u64 = 120;
/// Width of the field of bars.
const WIDTH: usize = 720;
/// Room below for labels, and above for figures.
const FOOT: u64 = 20;
const HEAD: u64 = 18;
/// About as many labels fit below.
const LABELS: usize = 8;

/// A plot of one figure over steps of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// Names it on the page.
    pub id: &'static str,
    /// What is shown.
    pub title: String,
    /// What the steps are.
    pub step: &'static str,
    /// What is counted, with its unit.
    pub figure: &'static str,
    /// The bars.
    pub bars: Vec<Bar>,
    /// Whether each bar has its own line, with its name before it.
    pub is_across: bool,
    /// Below everything.
    pub height: u64,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Of which step.
    pub label: String,
    /// How much.
    pub value: u64,
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: u64,
    /// Width.
    pub width: usize,
    /// Height.
    pub height: u64,
    /// Length in hundredths of the longest.
    pub share: u64,
    /// Whether its figure stands above: there is room for the highest only.
    pub is_told: bool,
    /// Whether its label stands below.
    pub is_labelled: bool,
    /// Whether it is beyond a limit: hatched, and told in the table.
    pub is_over: bool,
}

impl Plot {
    /// Of values with their labels, in order; those for which `is_over` says so are marked.
    pub fn new(
        (id, title): (&'static str, String),
        (step, figure): (&'static str, &'static str),
        values: Vec<(String, u64)>,
        is_over: impl Fn(usize) -> bool,
    ) -> Self {
        let most = values.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let count = values.len().max(1);
        let pitch = (WIDTH / count).max(2);
        let every = count.div_ceil(LABELS);
        let bar = |(at, (label, value)): (usize, (String, u64))| {
            let height = scaled(value, most);
            Bar {
                label,
                value,
                x: at * pitch,
                y: HEAD + HEIGHT - height,
                width: pitch - (pitch / 5).max(1),
                height,
                share: (height.saturating_mul(100) / HEIGHT).max(u64::from(value > 0)),
                is_told: value > 0 && value == most,
                is_labelled: at % every == 0,
                is_over: is_over(at),
            }
        };
        let bars = values.into_iter().enumerate().map(bar).collect();
        let height = HEAD + HEIGHT + FOOT;
        Self { id, title, step, figure, bars, is_across: false, height }
    }

    /// The same, each bar in its own line.
    pub fn across(
        name: (&'static str, String),
        words: (&'static str, &'static str),
        values: Vec<(String, u64)>,
        is_over: impl Fn(usize) -> bool,
    ) -> Self {
        Self { is_across: true, ..Self::new(name, words, values, is_over) }
    }

    /// The picture's own coordinates.
    pub fn view_box(&self) -> String {
        format!("0 0 {WIDTH} {}", self.height)
    }

    /// Where bars stand.
    pub fn ground(&self) -> u64 {
        HEAD + HEIGHT
    }
}

/// A height that is in proportion; what is more than nothing is seen.
fn scaled(value: u64, most: u64) -> u64 {
    match most {
        0 => 0,
        _ => {
            let height = u128::from(value) * u128::from(HEIGHT) / u128::from(most);
            u64::try_from(height).unwrap_or(HEIGHT).max(u64::from(value > 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(values: &[u64]) -> Plot {
        let values = values.iter().map(|value| (value.to_string(), *value)).collect();
        Plot::new(("p", "图".into()), ("日", "张"), values, |at| at == 1)
    }

    #[test]
    fn bars_are_in_proportion_and_stay_inside_the_picture() {
        let shown = plot(&[0, 1, 500, 1000]);
        let heights: Vec<_> = shown.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [0, 1, 60, 120], "what is little is seen, what is nothing is not");
        for bar in &shown.bars {
            assert!(bar.x + bar.width <= WIDTH && bar.y + bar.height == shown.ground());
        }
        assert!(shown.bars[1].is_over && !shown.bars[0].is_over);
        let shares: Vec<_> = shown.bars.iter().map(|bar| bar.share).collect();
        assert_eq!(shares, [0, 1, 50, 100]);
        let told: Vec<_> = shown.bars.iter().map(|bar| bar.is_told).collect();
        assert_eq!(told, [false, false, false, true], "the highest");
    }

    #[test]
    fn no_values_and_very_large_ones_harm_nothing() {
        assert!(plot(&[]).bars.is_empty());
        assert_eq!(plot(&[0, 0]).bars[0].height, 0);
        assert_eq!(plot(&[u64::MAX, u64::MAX / 2]).bars[0].height, HEIGHT);
        assert!(plot(&[1; 90]).bars.iter().filter(|bar| bar.is_labelled).count() <= LABELS);
    }
}
