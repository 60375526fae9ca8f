"""The bundle of every task but the forecast of one series: format 2."""
