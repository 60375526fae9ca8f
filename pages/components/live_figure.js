// Draws a plotly figure and changes it in place, so that a chart that is updated
// every two seconds neither flickers nor loses a zoom. st.plotly_chart makes a new
// chart for new data.

const COLOURS = /^#0000(\d\d)$/; // placeholders of pages/components/theme.py

function loadPlotly(source) {
  if (!globalThis.livePlotly) {
    globalThis.livePlotly = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = () => resolve(globalThis.Plotly);
      script.onerror = () => {
        globalThis.livePlotly = undefined;
        script.remove();
        reject(new Error(source));
      };
      document.head.append(script);
    });
  }
  return globalThis.livePlotly;
}

function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    colours: read("chart-categorical-colors").split(/,(?![^(]*\))/).map((c) => c.trim()),
    background: read("background-color"),
    text: read("text-color"),
    lines: read("border-color-light") || read("border-color"),
    font: read("font"),
  };
}

function paint(value, theme) {
  if (typeof value === "string") {
    const place = COLOURS.exec(value);
    if (!place) return value;
    return theme.colours[Number(place[1]) - 1] ?? theme.background;
  }
  if (Array.isArray(value)) return value.map((entry) => paint(entry, theme));
  if (value && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([name, entry]) => [name, paint(entry, theme)]),
    );
  }
  return value;
}

function axisStyle(axis, theme, isVertical) {
  return {
    showgrid: isVertical,
    gridcolor: theme.lines,
    linecolor: theme.lines,
    zeroline: false,
    ...axis,
    tickfont: { size: 12, color: theme.text },
    title: { ...axis?.title, font: { size: 14, color: theme.text }, standoff: 12 },
  };
}

function dress(figure, theme) {
  const painted = paint(figure, theme);
  const layout = {
    ...painted.layout,
    template: undefined,
    autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, color: theme.text, size: 12 },
    hoverlabel: {
      bgcolor: theme.background,
      bordercolor: theme.lines,
      font: { color: theme.text, size: 13 },
    },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.text, activecolor: theme.text },
  };
  layout.xaxis = axisStyle(layout.xaxis, theme, false);
  layout.yaxis = axisStyle(layout.yaxis, theme, true);
  return { data: painted.data, layout };
}

export default function (component) {
  const { data, parentElement } = component;
  const host = parentElement.querySelector(".live-figure");
  const figure = JSON.parse(data.figure);
  host.setAttribute("role", "figure");
  host.setAttribute("aria-label", data.alt);
  host.style.height = `${figure.layout.height}px`;
  const config = {
    displaylogo: false,
    responsive: true,
    showSendToCloud: false, // nothing leaves this machine
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
    toImageButtonOptions: { format: "png", filename: data.file, scale: 2 },
  };
  loadPlotly(data.source)
    .then((Plotly) => {
      const { data: traces, layout } = dress(figure, readTheme(host));
      return Plotly.react(host, traces, layout, config);
    })
    .catch(() => {
      host.textContent = data.alt;
    });
  return () => {
    globalThis.Plotly?.purge(host);
  };
}
