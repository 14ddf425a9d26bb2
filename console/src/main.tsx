import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/charts.css'
import './styles/pictures.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { followLinks } from './parts/address.ts'

followLinks()
const place = document.getElementById('console')
if (place) render(<App />, place)
