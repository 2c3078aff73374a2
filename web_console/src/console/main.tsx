/** The guard console: `/console`. */
import { createRoot } from 'react-dom/client'
import { Texts } from '../texts/useT'
import '../theme/aksel.css'
import '../theme/base.css'
import { Console } from './Console'
import './console.css'

const root = document.getElementById('root')
if (!root) throw new Error('console.html has no #root')
createRoot(root).render(
  <Texts>
    <Console />
  </Texts>,
)
