"""The Forecast page of all tasks but one forecast series: new data, answered."""
